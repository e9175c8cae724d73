// What the disk does to a store: full, failing, read-only, damaged, locked. Nothing is half written, and work goes on
// afterwards.
#include "fault_vfs.hpp"
#include "sqlite_files.hpp"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rigger::store_test {
namespace {
using testing::HasSubstr;

class SqliteFaults : public testing::Test {
protected:
    void SetUp() override { faulty_disk().heal(); }
    void TearDown() override {
        store.reset();
        faulty_disk().heal();
    }
    std::string path() const { return directory.file("rigger.db"); }
    void open(SqliteOptions options = {}) {
        store.reset();
        options.path = path();
        options.vfs = faulty_vfs;
        auto opened = open_migrated(options);
        ASSERT_TRUE(opened.ok()) << opened.error().message;
        store = *std::move(opened);
    }
    size_t deployments() {
        const auto state = store->load();
        EXPECT_TRUE(state.ok()) << state.error().message;
        return state.ok() ? state->deployments.size() : 999;
    }
    static std::vector<Write> batch(int first, int count) {
        std::vector<Write> writes;
        for (int n = first; n < first + count; ++n) {
            const Server server = sample_server(n);
            const Offer offer = sample_offer(n);
            writes.insert(writes.end(),
                          {PutServer{server}, PutOffer{offer}, PutDeployment{sample_deployment(n, offer, server)},
                           AppendJournal{sample_event(n)}});
        }
        return writes;
    }
    TemporaryDirectory directory;
    std::unique_ptr<Store> store;
};

struct DiskFailure {
    const char *name;
    int code;
    const char *reason;
};
void PrintTo(const DiskFailure &failure, std::ostream *out) { *out << failure.name; }

class FailingDisk : public SqliteFaults, public testing::WithParamInterface<DiskFailure> {};

TEST_P(FailingDisk, AtEveryWriteOfACommit_NothingIsLostAndTheRetrySucceeds) {
    constexpr int most_writes = 10'000;
    int failed_at = 0;
    for (int n = 0; n < most_writes; ++n) {
        std::filesystem::remove_all(directory.path);
        std::filesystem::create_directory(directory.path);
        open();
        ASSERT_TRUE(store->commit(batch(1, 2)).ok());
        faulty_disk().failure = GetParam().code;
        faulty_disk().mutations_left = n;
        const Status done = store->commit(batch(3, 5));
        if (done.ok()) break;
        ++failed_at;
        ASSERT_EQ(done.error().code, Code::unavailable) << done.error().message;
        ASSERT_EQ(done.error().reason, GetParam().reason) << done.error().message;
        ASSERT_EQ(deployments(), 2U) << "after failure " << n;
        if (n % 2 == 0) { // as if the daemon was killed at once
            open();
            faulty_disk().heal();
            const size_t found = deployments();
            ASSERT_TRUE(found == 2 || found == 7) << "half of a transaction: " << found;
        }
        faulty_disk().heal();
        ASSERT_TRUE(store->commit(batch(3, 5)).ok()) << "after failure " << n;
        ASSERT_EQ(deployments(), 7U);
        open();
        ASSERT_EQ(deployments(), 7U);
    }
    EXPECT_GT(failed_at, 3) << "a commit has several writes; this test saw only these fail";
}

INSTANTIATE_TEST_SUITE_P(Kinds, FailingDisk,
                         testing::Values(DiskFailure{"Full", SQLITE_FULL, "StoreDiskFull"},
                                         DiskFailure{"InputOutputError", SQLITE_IOERR_WRITE, "StoreIo"},
                                         DiskFailure{"SyncFails", SQLITE_IOERR_FSYNC, "StoreIo"}),
                         [](const testing::TestParamInfo<DiskFailure> &test) { return std::string(test.param.name); });

TEST_F(SqliteFaults, Quota_RefusesTheCommitAsAWhole_AndSmallerOnesGoOn) {
    SqliteOptions options;
    options.max_pages = 100;
    open(options);
    ASSERT_TRUE(store->commit(batch(1, 2)).ok());
    const Status done = store->commit(batch(3, 2000));
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().code, Code::unavailable);
    EXPECT_EQ(done.error().reason, "StoreDiskFull");
    EXPECT_GT(done.error().retry_after_ms, 0U);
    EXPECT_THAT(done.error().message, HasSubstr(path()));
    EXPECT_THAT(done.error().message, HasSubstr("free space"));
    EXPECT_EQ(deployments(), 2U);
    EXPECT_TRUE(store->commit(batch(3, 1)).ok());
    EXPECT_EQ(deployments(), 3U);
}

TEST_F(SqliteFaults, FullDisk_DuringTheFirstMigration_LeavesNothingBehind) {
    for (int n = 0; n < 60; ++n) {
        std::filesystem::remove_all(directory.path);
        std::filesystem::create_directory(directory.path);
        faulty_disk().mutations_left = n;
        {
            const auto first = open_migrated({path(), 100, faulty_vfs, 0});
            if (!first.ok()) { EXPECT_EQ(first.error().reason, "StoreDiskFull") << first.error().message; }
        }
        faulty_disk().heal();
        open();
        ASSERT_TRUE(store->commit(batch(1, 1)).ok()) << "after failure " << n;
    }
}

TEST_F(SqliteFaults, FullDisk_DuringAKvCommit_ChangesNothing) {
    open();
    ASSERT_TRUE(store->kv_commit("p", {{false, "k", "old", std::nullopt}}).ok());
    faulty_disk().mutations_left = 0;
    const auto done = store->kv_commit("p", {{false, "k", "new", std::nullopt}});
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().code, Code::unavailable);
    EXPECT_EQ((*store->kv_get("p", "k"))->value, "old");
    faulty_disk().heal();
    EXPECT_TRUE(store->kv_commit("p", {{false, "k", "new", std::nullopt}}).ok());
}

TEST_F(SqliteFaults, ReadOnlyFile_CanBeRefusedButNotDamaged) {
    open();
    ASSERT_TRUE(store->commit(batch(1, 1)).ok());
    store.reset();
    faulty_disk().read_only = true;
    const auto opened = open_migrated({path(), 100, faulty_vfs, 0});
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, Code::unavailable);
    EXPECT_EQ(opened.error().reason, "StoreReadOnly") << opened.error().message;
    EXPECT_THAT(opened.error().message, HasSubstr("writable"));
    faulty_disk().heal();
    open();
    EXPECT_EQ(deployments(), 1U);
}

TEST_F(SqliteFaults, FileOfAnotherUser_IsCalledReadOnly) {
    open();
    store.reset();
    std::filesystem::permissions(path(), std::filesystem::perms::owner_read | std::filesystem::perms::others_read);
    std::filesystem::permissions(directory.path, std::filesystem::perms::all);
    std::filesystem::remove(path() + ".lock");
    const pid_t child = ::fork();
    if (child == 0) { // root may write everything, so somebody else has to try
        constexpr uid_t nobody = 65534;
        if (::geteuid() == 0 && ::setuid(nobody) != 0) ::_exit(2);
        const auto opened = open_sqlite_store({path(), 100, "", 0});
        ::_exit(!opened.ok() && opened.error().reason == "StoreReadOnly" ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(SqliteFaults, FileThatIsNoDatabase_IsCalledDamaged) {
    std::ofstream(path()) << std::string(8192, 'x');
    const auto opened = open_migrated({path(), 100, "", 0});
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, Code::internal);
    EXPECT_EQ(opened.error().reason, "StoreCorrupt");
    EXPECT_THAT(opened.error().message, HasSubstr("backup"));
}

TEST_F(SqliteFaults, DamagedPages_AreAnErrorAndNoCrash) {
    open();
    ASSERT_TRUE(store->commit(batch(1, 300)).ok());
    store.reset();
    {
        std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
        const auto size = static_cast<std::streamoff>(std::filesystem::file_size(path()));
        ASSERT_GT(size, 40 * 4096);
        for (std::streamoff page = 2; page < size / 4096; ++page) {
            file.seekp(page * 4096);
            file << std::string(2000, '\xA5');
        }
    }
    auto opened = open_sqlite_store({path(), 100, "", 0});
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    const Status migrated = (*opened)->migrate();
    const auto state = migrated.ok() ? (*opened)->load() : Result<PersistentState>(migrated.error());
    ASSERT_FALSE(state.ok());
    EXPECT_EQ(state.error().code, Code::internal);
    EXPECT_EQ(state.error().reason, "StoreCorrupt") << state.error().message;
}

TEST_F(SqliteFaults, ColumnEditedByHand_IsNamed) {
    open();
    ASSERT_TRUE(store->commit(batch(1, 1)).ok());
    struct Case {
        const char *edit, *text;
    };
    for (const Case &c : {Case{"UPDATE rigger_deployments SET phase = 'dancing'", "'dancing' is not a phase"},
                          Case{"UPDATE rigger_deployments SET phase = 'active', phase_since = 'yesterday'",
                               "'yesterday' is not an RFC 3339 time"},
                          Case{"UPDATE rigger_deployments SET phase_since = '2026-01-01T00:00:00Z', gpus = '{}'",
                               "not a JSON array of texts"},
                          Case{"UPDATE chutes SET supported_gpus = '[1]'", "chutes.supported_gpus"}}) {
        store.reset();
        run_sql(path(), c.edit);
        open();
        const auto state = store->load();
        ASSERT_FALSE(state.ok()) << c.edit;
        EXPECT_EQ(state.error().reason, "StoreCorrupt");
        EXPECT_THAT(state.error().message, HasSubstr(c.text));
    }
}

TEST_F(SqliteFaults, AnotherProgramsLock_IsWaitedForAndThenReported) {
    SqliteOptions options;
    options.busy_timeout_ms = 1;
    open(options);
    sqlite3 *other = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &other), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
    const Status done = store->commit(batch(1, 1));
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().code, Code::unavailable);
    EXPECT_EQ(done.error().reason, "StoreLocked");
    sqlite3_close(other);
    EXPECT_TRUE(store->commit(batch(1, 1)).ok());
}

} // namespace
} // namespace rigger::store_test
