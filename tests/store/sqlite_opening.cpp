// Opening a SQLite store: URLs, the lock against a second daemon, versions of the schema.
#include "engine/store_sqlite/migrate.hpp"
#include "sqlite_files.hpp"

#include <csignal>
#include <filesystem>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rigger::store_test {
namespace {
using testing::HasSubstr;

TEST(SqliteUrl, NamesAnAbsolutePathOrMemory) {
    EXPECT_EQ(parse_sqlite_url("sqlite:///var/lib/rigger/rigger.db")->path, "/var/lib/rigger/rigger.db");
    EXPECT_EQ(parse_sqlite_url("sqlite::memory:")->path, "");
    for (const char *const url :
         {"", "sqlite:", "sqlite://", "sqlite:///", "sqlite://relative.db", "postgresql://x", "/var/lib/x"}) {
        const auto options = parse_sqlite_url(url);
        ASSERT_FALSE(options.ok()) << url;
        EXPECT_EQ(options.error().code, Code::invalid);
    }
}

TEST(SqliteLock, SecondDaemon_IsRefusedAndToldWhoHoldsIt) {
    const TemporaryDirectory directory;
    auto first = open_migrated({directory.file("rigger.db"), 100, "", 0});
    ASSERT_TRUE(first.ok());
    const auto second = open_sqlite_store({directory.file("rigger.db"), 100, "", 0});
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().reason, "StoreInUse");
    EXPECT_THAT(second.error().message, HasSubstr("process " + std::to_string(::getpid())));
    first->reset();
    EXPECT_TRUE(open_sqlite_store({directory.file("rigger.db"), 100, "", 0}).ok());
}

TEST(SqliteLock, KilledHolder_LeavesNoLockBehind) {
    const TemporaryDirectory directory;
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const auto store = open_migrated({directory.file("rigger.db"), 100, "", 0});
        const char answer = store.ok() ? 'y' : 'n';
        if (::write(ready[1], &answer, 1) == 1) ::pause();
        ::_exit(1);
    }
    char answer = 0;
    ASSERT_EQ(::read(ready[0], &answer, 1), 1);
    ASSERT_EQ(answer, 'y');
    EXPECT_FALSE(open_sqlite_store({directory.file("rigger.db"), 100, "", 0}).ok());
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    EXPECT_TRUE(open_sqlite_store({directory.file("rigger.db"), 100, "", 0}).ok());
    ::close(ready[0]);
    ::close(ready[1]);
}

TEST(SqliteOpening, MissingDirectory_IsReported) {
    const auto store = open_sqlite_store({"/nonexistent/rigger.db", 100, "", 0});
    ASSERT_FALSE(store.ok());
    EXPECT_EQ(store.error().reason, "StoreCannotOpen");
    EXPECT_THAT(store.error().message, HasSubstr("its directory must exist"));
}

TEST(SqliteOpening, ReadingBeforeMigrate_IsAnErrorAndNoCrash) {
    const TemporaryDirectory directory;
    const auto store = open_sqlite_store({directory.file("rigger.db"), 100, "", 0});
    ASSERT_TRUE(store.ok());
    EXPECT_FALSE((*store)->kv_get("p", "k").ok());
    EXPECT_FALSE((*store)->load().ok());
    EXPECT_FALSE((*store)->commit({DeleteOffer{OfferId("x")}}).ok());
}

TEST(SqliteSchema, FilesAreForTheirOwnerAlone) {
    const TemporaryDirectory directory;
    const auto store = open_migrated({directory.file("rigger.db"), 100, "", 0});
    ASSERT_TRUE(store.ok());
    for (const char *const name : {"rigger.db", "rigger.db-wal", "rigger.db-shm", "rigger.db.lock"}) {
        const auto mode = std::filesystem::status(directory.file(name)).permissions();
        EXPECT_EQ(mode & std::filesystem::perms::others_all, std::filesystem::perms::none) << name;
        EXPECT_EQ(mode & std::filesystem::perms::group_all, std::filesystem::perms::none) << name;
    }
}

TEST(SqliteSchema, NewerOne_IsRefusedAndLeftAlone) {
    const TemporaryDirectory directory;
    ASSERT_TRUE(open_migrated({directory.file("rigger.db"), 100, "", 0}).ok());
    run_sql(directory.file("rigger.db"), "INSERT INTO rigger_migrations (number, name) VALUES (99, 'from_the_future')");
    const auto store = open_migrated({directory.file("rigger.db"), 100, "", 0});
    ASSERT_FALSE(store.ok());
    EXPECT_EQ(store.error().code, Code::unsupported);
    EXPECT_EQ(store.error().reason, "SchemaTooNew");
    EXPECT_THAT(store.error().message, HasSubstr("migration 99 'from_the_future'"));
}

TEST(SqliteSchema, OneOfAnotherBuild_IsRefused) {
    const TemporaryDirectory directory;
    ASSERT_TRUE(open_migrated({directory.file("rigger.db"), 100, "", 0}).ok());
    run_sql(directory.file("rigger.db"), "UPDATE rigger_migrations SET name = 'something_else' WHERE number = 2");
    const auto store = open_migrated({directory.file("rigger.db"), 100, "", 0});
    ASSERT_FALSE(store.ok());
    EXPECT_EQ(store.error().reason, "SchemaForeign");
}

class Migrations : public testing::Test {
protected:
    void SetUp() override { database = std::move(*sqlite::Database::open("", {})); }
    int64_t count(const char *sql) {
        int64_t n = -1;
        EXPECT_TRUE(database
                        ->query(sql, {},
                                [&](const sqlite::Row &row) {
                                    n = row.integer(0);
                                    return Status();
                                })
                        .ok());
        return n;
    }
    std::unique_ptr<sqlite::Database> database;
};

TEST_F(Migrations, OlderSchema_IsBroughtUpToDateWithItsRows) {
    const auto all = sqlite::migrations();
    ASSERT_TRUE(sqlite::migrate(*database, all.first(1)).ok());
    ASSERT_TRUE(database
                    ->run("INSERT INTO chutes (chute_id, validator, image, code, filename, ref_str, version, "
                          "supported_gpus, gpu_count) "
                          "VALUES ('c', '', '', '', '', '', '', '[]', 1)")
                    .ok());
    const Status done = sqlite::migrate(*database, all);
    ASSERT_TRUE(done.ok()) << done.error().message;
    EXPECT_EQ(count("SELECT count(*) FROM chutes"), 1);
    EXPECT_EQ(count("SELECT count(*) FROM rigger_offers"), 0);
    EXPECT_EQ(count("SELECT max(number) FROM rigger_migrations"), static_cast<int64_t>(all.size()));
}

TEST_F(Migrations, OneThatFails_UndoesAllOfThisRunAndIsNamed) {
    const sqlite::Migration list[] = {{1, "good", "CREATE TABLE a (x)"},
                                      {2, "bad", "CREATE TABLE b (x); CREATE TABLE b (x)"}};
    const Status done = sqlite::migrate(*database, list);
    ASSERT_FALSE(done.ok());
    EXPECT_THAT(done.error().message, HasSubstr("cannot apply migration 2 'bad'"));
    EXPECT_EQ(count("SELECT count(*) FROM sqlite_master"), 0);
}

TEST_F(Migrations, AreNumberedWithoutAHole) {
    int expected = 1;
    for (const sqlite::Migration &migration : sqlite::migrations()) EXPECT_EQ(migration.number, expected++);
    EXPECT_GE(expected, 3);
}

} // namespace
} // namespace rigger::store_test
