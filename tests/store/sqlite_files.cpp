#include "sqlite_files.hpp"

#include <cstdlib>
#include <filesystem>
#include <sqlite3.h>
#include <unistd.h>

namespace rigger::store_test {

TemporaryDirectory::TemporaryDirectory() {
    // In memory where there is such a file system: a killed process leaves its writes there too, and an fsync costs
    // nothing.
    const bool memory = std::filesystem::is_directory("/dev/shm") && ::access("/dev/shm", W_OK) == 0;
    std::string name =
        (memory ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path()) / "rigger-store-XXXXXX";
    const char *const made = ::mkdtemp(name.data());
    EXPECT_NE(made, nullptr);
    path = name;
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
}

Result<std::unique_ptr<Store>> open_migrated(const SqliteOptions &options) {
    RIG_TRY_ASSIGN(auto store, open_sqlite_store(options));
    RIG_TRY(store->migrate());
    return store;
}

std::string run_sql(const std::string &path, const std::string &statements) {
    sqlite3 *db = nullptr;
    EXPECT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
    struct First {
        std::string value;
        bool taken = false;
    } first;
    const auto take = [](void *user, int columns, char **values, char **) {
        auto &into = *static_cast<First *>(user);
        if (!into.taken && columns > 0 && values[0]) into.value = values[0];
        into.taken = true;
        return 0;
    };
    char *error = nullptr;
    EXPECT_EQ(sqlite3_exec(db, statements.c_str(), take, &first, &error), SQLITE_OK)
        << (error ? error : "") << " in " << statements;
    sqlite3_free(error);
    sqlite3_close(db);
    return first.value;
}

} // namespace rigger::store_test
