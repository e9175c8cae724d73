// store/database.hpp -- a thin owner of one SQLite connection and its prepared statements. Not thread-safe.
#pragma once
#include <rigger/sdk/status.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace cluster_local {

/// One prepared statement. Bind from 1, step, read columns from 0, reset (the destructor of Use does it).
class Statement {
public:
    Statement() = default;
    explicit Statement(sqlite3_stmt *s) noexcept : s_(s) {}
    ~Statement();
    Statement(Statement &&o) noexcept : s_(std::exchange(o.s_, nullptr)) {}
    Statement &operator=(Statement &&o) noexcept {
        std::swap(s_, o.s_);
        return *this;
    }
    Statement &bind(int at, int64_t value) noexcept;
    Statement &bind(int at, std::string_view value) noexcept; ///< borrowed until reset
    int step() noexcept;                                      ///< SQLite's result code
    int64_t integer(int column) const noexcept;
    std::string_view text(int column) const noexcept; ///< valid until the next step or reset
    void reset() noexcept;

private:
    sqlite3_stmt *s_ = nullptr;
};

class Database {
public:
    /// WAL, synchronous=NORMAL: a commit is a write to the log, so it survives the death of the process; the log is
    /// synced at checkpoints. ":memory:" is kept in memory. UNAVAILABLE: cannot be opened, is locked by another
    /// process, or is no database.
    static rig::Result<std::unique_ptr<Database>> open(const std::string &path);
    ~Database();
    rig::Status exec(const char *sql);
    rig::Result<Statement> prepare(const char *sql);
    rig::Status failure(std::string_view doing) const; ///< the connection's last error as a Status
    int64_t last_id() const noexcept;

private:
    explicit Database(sqlite3 *db) noexcept : db_(db) {}
    sqlite3 *db_;
};

} // namespace cluster_local
