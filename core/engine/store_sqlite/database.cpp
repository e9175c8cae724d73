#include "engine/store_sqlite/database.hpp"

#include "engine/store_sqlite/errors.hpp"

#include <algorithm>
#include <cctype>
#include <limits>
#include <sqlite3.h>

namespace rigger::sqlite {

bool Row::null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

std::string Row::text(int column) const {
    const auto *data = reinterpret_cast<const char *>(sqlite3_column_text(statement_, column));
    return data ? std::string(data, static_cast<size_t>(sqlite3_column_bytes(statement_, column))) : std::string();
}

std::string Row::bytes(int column) const {
    const auto *data = static_cast<const char *>(sqlite3_column_blob(statement_, column));
    return data ? std::string(data, static_cast<size_t>(sqlite3_column_bytes(statement_, column))) : std::string();
}

int64_t Row::integer(int column) const { return sqlite3_column_int64(statement_, column); }

int Row::small(int column) const {
    return static_cast<int>(
        std::clamp<int64_t>(integer(column), std::numeric_limits<int>::min(), std::numeric_limits<int>::max()));
}

double Row::real(int column) const { return sqlite3_column_double(statement_, column); }
bool Row::flag(int column) const { return integer(column) != 0; }

Result<WallTime> Row::time(int column) const {
    const std::string value = text(column);
    if (const auto parsed = parse_rfc3339(value)) return *parsed;
    return Error{Code::internal, "StoreCorrupt",
                 std::string("column ") + sqlite3_column_name(statement_, column) + ": '" + value +
                     "' is not an RFC 3339 time",
                 0};
}

Result<std::optional<WallTime>> Row::optional_time(int column) const {
    if (null(column)) return std::optional<WallTime>();
    RIG_TRY_ASSIGN(const WallTime value, time(column));
    return std::optional<WallTime>(value);
}

void Database::Finalize::operator()(sqlite3_stmt *statement) const { sqlite3_finalize(statement); }

namespace {
/// SQLite takes an immutable file as it is.
std::string immutable_uri(const std::string &path) {
    constexpr char digits[] = "0123456789ABCDEF";
    std::string uri = "file:";
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = std::isalnum(byte) || c == '/' || c == '-' || c == '_' || c == '.';
        if (plain) uri += c;
        else (uri += '%') += {digits[byte >> 4], digits[byte & 15]};
    }
    return uri + "?immutable=1";
}
} // namespace

Result<std::unique_ptr<Database>> Database::open(const std::string &path, const OpenFlags &flags) {
    sqlite3 *handle = nullptr;
    const int access = flags.look_only ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
                                       : SQLITE_OPEN_READWRITE | (flags.create ? SQLITE_OPEN_CREATE : 0);
    const int mode = access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    const std::string name = path.empty() ? ":memory:" : flags.look_only ? immutable_uri(path) : path;
    const int code = sqlite3_open_v2(name.c_str(), &handle, mode, flags.vfs.empty() ? nullptr : flags.vfs.c_str());
    std::unique_ptr<Database> database(new Database(handle, path));
    if (code != SQLITE_OK) return error_of(code, path, handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code));
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, static_cast<int>(std::min<uint32_t>(flags.busy_timeout_ms, 60'000)));
    return database;
}

Database::~Database() {
    statements_.clear();
    sqlite3_close(handle_);
}

Error Database::failure(int code) const { return error_of(code, path_, sqlite3_errmsg(handle_)); }

Status Database::script(const char *sql) {
    const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return failure(code);
    return {};
}

Result<sqlite3_stmt *> Database::prepared(const char *sql) {
    auto &slot = statements_[sql];
    if (!slot) {
        sqlite3_stmt *statement = nullptr;
        const int code = sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
        if (code != SQLITE_OK) {
            statements_.erase(sql);
            return failure(code);
        }
        slot.reset(statement);
    }
    return slot.get();
}

Status Database::bind(sqlite3_stmt *statement, std::initializer_list<Value> values) {
    struct Binder {
        sqlite3_stmt *to;
        int at;
        int operator()(const Null &) const { return sqlite3_bind_null(to, at); }
        int operator()(int64_t v) const { return sqlite3_bind_int64(to, at, v); }
        int operator()(double v) const { return sqlite3_bind_double(to, at, v); }
        int operator()(std::string_view v) const {
            return sqlite3_bind_text64(to, at, v.data() ? v.data() : "", v.size(), SQLITE_STATIC, SQLITE_UTF8);
        }
        int operator()(const Bytes &v) const {
            return sqlite3_bind_blob64(to, at, v.data.data() ? v.data.data() : "", v.data.size(), SQLITE_STATIC);
        }
        int operator()(const std::string &v) const { return (*this)(std::string_view(v)); }
    };
    int at = 0;
    for (const Value &value : values)
        if (const int code = std::visit(Binder{statement, ++at}, value); code != SQLITE_OK) return failure(code);
    return {};
}

Status Database::query(const char *sql, std::initializer_list<Value> values,
                       const std::function<Status(const Row &)> &each) {
    RIG_TRY_ASSIGN(sqlite3_stmt *const statement, prepared(sql));
    struct Reset {
        sqlite3_stmt *statement;
        ~Reset() {
            sqlite3_reset(statement);
            sqlite3_clear_bindings(statement);
        }
    } const reset{statement};
    RIG_TRY(bind(statement, values));
    for (;;) {
        const int code = sqlite3_step(statement);
        if (code == SQLITE_DONE) return {};
        if (code != SQLITE_ROW) return failure(code);
        RIG_TRY(each(Row(statement)));
    }
}

Status Database::run(const char *sql, std::initializer_list<Value> values) {
    return query(sql, values, [](const Row &) { return Status(); });
}

Result<std::string> Database::pragma(const char *sql) {
    std::string answer;
    RIG_TRY(query(sql, {}, [&](const Row &row) {
        answer = row.text(0);
        return Status();
    }));
    return answer;
}

Status Database::check_writable() const {
    if (sqlite3_db_readonly(handle_, "main") != 1) return {};
    return error_of(SQLITE_READONLY, path_, "opened for reading only");
}

int64_t Database::changes() const { return sqlite3_changes64(handle_); }

Status Database::begin(bool writing) { return run(writing ? "BEGIN IMMEDIATE" : "BEGIN"); }
Status Database::commit() { return run("COMMIT"); }

void Database::rollback() noexcept {
    // A full disk or an I/O error has rolled the transaction back already.
    if (sqlite3_get_autocommit(handle_) == 0) sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

Status Transaction::begin(bool writing) {
    RIG_TRY(database_.begin(writing));
    open_ = true;
    return {};
}

Status Transaction::commit() {
    RIG_TRY(database_.commit());
    open_ = false;
    return {};
}

} // namespace rigger::sqlite
