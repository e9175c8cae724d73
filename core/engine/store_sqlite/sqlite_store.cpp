#include "engine/store_sqlite/sqlite_store.hpp"

#include "engine/store_sqlite/file_lock.hpp"
#include "engine/store_sqlite/kv.hpp"
#include "engine/store_sqlite/load.hpp"
#include "engine/store_sqlite/migrate.hpp"
#include "engine/store_sqlite/write.hpp"

#include <unistd.h>

#include <limits>
#include <mutex>

namespace rigger {
namespace {
using namespace sqlite;

// A log beyond this is cut at the next checkpoint, so one large transaction does not keep the space for ever.
constexpr const char *writer_pragmas = "PRAGMA foreign_keys = ON;"
                                       "PRAGMA synchronous = FULL;"
                                       "PRAGMA journal_size_limit = 16777216;"
                                       "PRAGMA temp_store = MEMORY;";

class SqliteStore final : public Store {
public:
    SqliteStore(SqliteOptions options, std::unique_ptr<FileLock> lock, std::unique_ptr<Database> writer)
        : options_(std::move(options)), lock_(std::move(lock)), writer_(std::move(writer)) {}

    Status migrate() override {
        const std::scoped_lock guard(write_mutex_, read_mutex_);
        RIG_TRY(configure());
        RIG_TRY(sqlite::migrate(*writer_, migrations()));
        if (options_.path.empty()) return {};
        RIG_TRY_ASSIGN(reader_, Database::open(options_.path, {false, options_.vfs, options_.busy_timeout_ms}));
        return reader_->script("PRAGMA query_only = ON");
    }

    Result<PersistentState> load() override {
        const std::lock_guard guard(write_mutex_);
        Transaction transaction(*writer_);
        RIG_TRY(transaction.begin(false));
        auto state = load_state(*writer_);
        if (!state.ok()) return state.error().within("cannot read the state from the store");
        RIG_TRY(transaction.commit());
        return state;
    }

    Status commit(const std::vector<Write> &writes) override {
        if (writes.empty()) return {};
        const std::lock_guard guard(write_mutex_);
        Transaction transaction(*writer_);
        RIG_TRY(transaction.begin(true));
        for (const Write &write : writes) RIG_TRY(apply(*writer_, write));
        return transaction.commit();
    }

    Result<std::vector<JournalEntry>> journal(uint64_t before_sequence, size_t limit,
                                              std::string_view type_prefix) override {
        constexpr uint64_t last = std::numeric_limits<int64_t>::max();
        const uint64_t before = before_sequence == 0 || before_sequence > last ? last : before_sequence;
        std::vector<JournalEntry> entries;
        RIG_TRY(reading([&](Database &db) {
            return db.query("SELECT sequence, at, origin, event_id, type, document, handled FROM rigger_journal WHERE "
                            "sequence < ?1 "
                            "AND substr(type, 1, length(?2)) = ?2 ORDER BY sequence DESC LIMIT ?3",
                            {integer(static_cast<int64_t>(before)), text(type_prefix),
                             integer(static_cast<int64_t>(std::min<uint64_t>(limit, last)))},
                            [&](const Row &row) -> Status {
                                RIG_TRY_ASSIGN(auto entry, journal_entry(row));
                                entries.push_back(std::move(entry));
                                return {};
                            });
        }));
        return entries;
    }

    Status trim_journal(WallTime before, size_t keep) override {
        const std::lock_guard guard(write_mutex_);
        Transaction transaction(*writer_);
        RIG_TRY(transaction.begin(true));
        RIG_TRY(
            writer_->run("DELETE FROM rigger_journal WHERE handled = 1 AND at < ?1 AND sequence <= "
                         "coalesce((SELECT sequence FROM rigger_journal ORDER BY sequence DESC LIMIT 1 OFFSET ?2), 0)",
                         {sqlite::time(before), integer(static_cast<int64_t>(std::min<size_t>(keep, 1'000'000'000)))}));
        return transaction.commit();
    }

    Result<std::optional<KvEntry>> kv_get(std::string_view plugin, std::string_view key) override {
        std::optional<KvEntry> found;
        RIG_TRY(reading([&](Database &db) -> Status {
            RIG_TRY_ASSIGN(found, sqlite::kv_get(db, plugin, key));
            return {};
        }));
        return found;
    }

    Result<std::vector<KvEntry>> kv_list(std::string_view plugin, std::string_view prefix) override {
        std::vector<KvEntry> entries;
        RIG_TRY(reading([&](Database &db) -> Status {
            RIG_TRY_ASSIGN(entries, sqlite::kv_list(db, plugin, prefix));
            return {};
        }));
        return entries;
    }

    Result<uint64_t> kv_commit(std::string_view plugin, const std::vector<KvWrite> &writes) override {
        const std::lock_guard guard(write_mutex_);
        return sqlite::kv_commit(*writer_, plugin, writes);
    }

private:
    Status configure() {
        RIG_TRY(writer_->check_writable());
        RIG_TRY(writer_->script(writer_pragmas));
        if (!options_.path.empty()) {
            RIG_TRY_ASSIGN(const std::string mode, writer_->pragma("PRAGMA journal_mode = WAL"));
            if (mode != "wal")
                return Error{Code::unsupported, "StoreNoWal",
                             "store '" + options_.path + "': write-ahead logging is not possible here (mode is '" +
                                 mode + "'); put the state directory on a local file system",
                             0};
        }
        if (options_.max_pages != 0)
            return writer_->script(("PRAGMA max_page_count = " + std::to_string(options_.max_pages)).c_str());
        return {};
    }

    /// In memory there is one connection: a second one would see another database.
    template <typename F> Status reading(const F &read) {
        if (!options_.path.empty()) {
            const std::lock_guard guard(read_mutex_);
            if (!reader_) return internal_error("the store was read before migrate()");
            return read(*reader_);
        }
        const std::lock_guard guard(write_mutex_);
        return read(*writer_);
    }

    const SqliteOptions options_;
    const std::unique_ptr<FileLock> lock_; // outlives the connections
    std::mutex write_mutex_, read_mutex_;
    const std::unique_ptr<Database> writer_;
    std::unique_ptr<Database> reader_;
};

} // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const SqliteOptions &options) {
    std::unique_ptr<FileLock> lock;
    if (!options.path.empty()) {
        RIG_TRY_ASSIGN(lock, FileLock::take(options.path + ".lock"));
        RIG_TRY(make_private_file(options.path));
    }
    RIG_TRY_ASSIGN(auto writer, Database::open(options.path, {true, options.vfs, options.busy_timeout_ms}));
    return std::unique_ptr<Store>(new SqliteStore(options, std::move(lock), std::move(writer)));
}

Status check_sqlite_store(const SqliteOptions &options) {
    if (options.path.empty() || ::access(options.path.c_str(), F_OK) != 0) return {};
    RIG_TRY_ASSIGN(const auto database, Database::open(options.path, {.vfs = options.vfs, .look_only = true}));
    return sqlite::check_migrations(*database, migrations());
}

Result<SqliteOptions> parse_sqlite_url(std::string_view url) {
    SqliteOptions options;
    if (url == "sqlite::memory:") return options;
    constexpr std::string_view scheme = "sqlite://";
    if (!url.starts_with(scheme) || url.substr(scheme.size()).size() < 2 || url[scheme.size()] != '/')
        return invalid("StoreUrl",
                       "store url '" + std::string(url) + "': expected sqlite:///absolute/path or sqlite::memory:");
    options.path = url.substr(scheme.size());
    return options;
}

} // namespace rigger
