#include "engine/store_sqlite/sqlite_store.hpp"
#include "sqlite_files.hpp"

namespace rigger::store_test {
namespace {

class SqliteFile final : public Backend {
public:
    Result<std::unique_ptr<Store>> open() override { return open_migrated({directory.file("rigger.db"), 2000, "", 0}); }
    Result<std::unique_ptr<Store>> open_raw() override {
        return open_sqlite_store({directory.file("rigger.db"), 2000, "", 0});
    }
    std::string sql(const std::string &statement) override { return run_sql(directory.file("rigger.db"), statement); }
    std::string array(const std::string &item) const override { return "'[\"" + item + "\"]'"; }

private:
    TemporaryDirectory directory;
};

class SqliteMemory final : public Backend {
public:
    Result<std::unique_ptr<Store>> open() override { return open_migrated({}); }
    Result<std::unique_ptr<Store>> open_raw() override { return open_sqlite_store({}); }
    std::string sql(const std::string &) override { return ""; }
    std::string array(const std::string &) const override { return ""; }
};

template <typename T> BackendKind kind(std::string name) {
    return {std::move(name), [] { return std::make_unique<T>(); }, ""};
}

std::string kind_name(const testing::TestParamInfo<BackendKind> &test) { return test.param.name; }
INSTANTIATE_TEST_SUITE_P(Sqlite, StoreConformance,
                         testing::Values(kind<SqliteFile>("File"), kind<SqliteMemory>("Memory")), kind_name);
INSTANTIATE_TEST_SUITE_P(Sqlite, DurableStoreConformance, testing::Values(kind<SqliteFile>("File")), kind_name);

} // namespace
} // namespace rigger::store_test
