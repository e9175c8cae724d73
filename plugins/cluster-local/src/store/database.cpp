#include "store/database.hpp"

#include "api/errors.hpp"

#include <fcntl.h>
#include <rigger/sdk/try.hpp>
#include <sqlite3.h>
#include <unistd.h>

namespace cluster_local {

Statement::~Statement() { sqlite3_finalize(s_); }
Statement &Statement::bind(int at, int64_t value) noexcept {
    sqlite3_bind_int64(s_, at, value);
    return *this;
}
Statement &Statement::bind(int at, std::string_view value) noexcept {
    sqlite3_bind_text64(s_, at, value.data() ? value.data() : "", value.size(), SQLITE_STATIC, SQLITE_UTF8);
    return *this;
}
int Statement::step() noexcept { return sqlite3_step(s_); }
int64_t Statement::integer(int column) const noexcept { return sqlite3_column_int64(s_, column); }
std::string_view Statement::text(int column) const noexcept {
    const auto *data = sqlite3_column_text(s_, column);
    return data ? std::string_view(reinterpret_cast<const char *>(data),
                                   static_cast<size_t>(sqlite3_column_bytes(s_, column)))
                : std::string_view();
}
void Statement::reset() noexcept {
    sqlite3_reset(s_);
    sqlite3_clear_bindings(s_);
}

rig::Result<std::unique_ptr<Database>> Database::open(const std::string &path) {
    // Job specs hold launch tokens: nobody else reads the file. SQLite gives its log the same permissions.
    if (path != ":memory:")
        if (const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600); file >= 0) ::close(file);
    sqlite3 *raw = nullptr;
    const int code =
        sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    std::unique_ptr<Database> db(new Database(raw));
    const auto fail = [&](std::string_view why) {
        return rig::Error{RIG_E_UNAVAILABLE, "DatabaseUnusable",
                          "cannot open the embedded cluster's database " + path + ": " + std::string(why) +
                              "; check the path, its permissions, and that no other daemon uses it",
                          0};
    };
    if (code != SQLITE_OK) return fail(raw ? sqlite3_errmsg(raw) : "out of memory");
    // Exclusive locking: one writer process, no shared-memory file, and a second daemon is refused instead of
    // corrupting state.
    for (const char *pragma : {"PRAGMA locking_mode=EXCLUSIVE", "PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL",
                               "PRAGMA cache_size=-2048", "PRAGMA temp_store=MEMORY", "PRAGMA auto_vacuum=NONE",
                               "BEGIN IMMEDIATE", "COMMIT"}) {
        char *why = nullptr;
        if (sqlite3_exec(raw, pragma, nullptr, nullptr, &why) == SQLITE_OK) continue;
        auto error = fail(why ? why : "unknown error");
        sqlite3_free(why);
        return error;
    }
    return db;
}
Database::~Database() { sqlite3_close_v2(db_); }
rig::Status Database::exec(const char *sql) {
    return sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK ? rig::Status() : failure(sql);
}
rig::Result<Statement> Database::prepare(const char *sql) {
    sqlite3_stmt *statement = nullptr;
    if (sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK)
        return failure(sql).error();
    return Statement(statement);
}
rig::Status Database::failure(std::string_view doing) const { return errors::storage(doing, sqlite3_errmsg(db_)); }
int64_t Database::last_id() const noexcept { return sqlite3_last_insert_rowid(db_); }

} // namespace cluster_local
