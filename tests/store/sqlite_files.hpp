// tests/store/sqlite_files.hpp -- temporary directories and a hand of our own on SQLite files.
#pragma once
#include "backend.hpp"
#include "engine/store_sqlite/sqlite_store.hpp"

namespace rigger::store_test {

/// Removed with everything in it at the end.
class TemporaryDirectory {
public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory &) = delete;
    TemporaryDirectory &operator=(const TemporaryDirectory &) = delete;
    std::string file(const std::string &name) const { return path + "/" + name; }
    std::string path;
};

Result<std::unique_ptr<Store>> open_migrated(const SqliteOptions &options);
/// Runs statements on a connection of its own; first column of the first row. Fails the test on an error.
std::string run_sql(const std::string &path, const std::string &statements);

} // namespace rigger::store_test
