// core/engine/store_sqlite/database.hpp -- RAII over the sqlite3 C API: a connection, its cached statements, its rows.
#pragma once
#include "base/status.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

struct sqlite3;
struct sqlite3_stmt;

namespace rigger::sqlite {

/// A column of the row that a statement stands on. Texts are copied: they outlive the row.
class Row {
public:
    explicit Row(sqlite3_stmt *statement) : statement_(statement) {}
    bool null(int column) const;
    std::string text(int column) const; ///< NULL reads as ""
    std::string bytes(int column) const;
    int64_t integer(int column) const;
    int small(int column) const; ///< clamped to int
    double real(int column) const;
    bool flag(int column) const;
    /// Error: internal (StoreCorrupt) when the text is no time.
    Result<WallTime> time(int column) const;
    Result<std::optional<WallTime>> optional_time(int column) const;

private:
    sqlite3_stmt *statement_;
};

struct Null {};
struct Bytes {
    std::string_view data;
};
/// A parameter. Texts are bound without a copy: they must live until the statement has run.
using Value = std::variant<Null, int64_t, double, std::string_view, Bytes, std::string>;

inline Value text(std::string_view value) { return value; }
inline Value text_or_null(std::string_view value) { return value.empty() ? Value(Null{}) : Value(value); }
inline Value integer(int64_t value) { return value; }
inline Value flag(bool value) { return static_cast<int64_t>(value); }
inline Value time(WallTime value) { return to_rfc3339(value); }
inline Value time_or_null(const std::optional<WallTime> &value) { return value ? time(*value) : Value(Null{}); }

struct OpenFlags {
    bool create = true;
    std::string vfs;
    uint32_t busy_timeout_ms = 0;
    bool look_only = false; ///< reads the file as it is, without locks and companion files: nobody may be writing it
};

/// One connection. Not thread-safe. Errors name the file and say what to do.
class Database {
public:
    /// Empty path: in memory.
    static Result<std::unique_ptr<Database>> open(const std::string &path, const OpenFlags &flags);
    ~Database();
    Database(const Database &) = delete;
    Database &operator=(const Database &) = delete;

    /// Runs a script of several statements without parameters.
    Status script(const char *sql);
    /// Runs one statement that gives no rows. `sql` is kept as the key of the statement cache: a literal.
    Status run(const char *sql, std::initializer_list<Value> values = {});
    /// Calls `each` for every row until it fails.
    Status query(const char *sql, std::initializer_list<Value> values, const std::function<Status(const Row &)> &each);
    Result<std::string> pragma(const char *sql);
    /// SQLite falls back to reading when it may not write, and says so only at the first write.
    Status check_writable() const;
    int64_t changes() const;

    Status begin(bool writing);
    Status commit();
    void rollback() noexcept;
    const std::string &path() const { return path_; }

private:
    Database(sqlite3 *handle, std::string path) : handle_(handle), path_(std::move(path)) {}
    Result<sqlite3_stmt *> prepared(const char *sql);
    Status bind(sqlite3_stmt *statement, std::initializer_list<Value> values);
    Error failure(int code) const;

    struct Finalize {
        void operator()(sqlite3_stmt *statement) const;
    };
    sqlite3 *handle_;
    std::string path_;
    std::unordered_map<const char *, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
};

/// A transaction that is rolled back unless it was committed.
class Transaction {
public:
    explicit Transaction(Database &database) : database_(database) {}
    ~Transaction() {
        if (open_) database_.rollback();
    }
    Transaction(const Transaction &) = delete;
    Transaction &operator=(const Transaction &) = delete;
    Status begin(bool writing);
    Status commit();

private:
    Database &database_;
    bool open_ = false;
};

} // namespace rigger::sqlite
