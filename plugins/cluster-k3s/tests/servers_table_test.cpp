#include "servers_table.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>

namespace k3s {
namespace {

std::string kubeconfig(const std::string &context, const std::string &host) {
    return R"({"apiVersion":"v1","kind":"Config","current-context":")" + context +
           R"(","clusters":[{"name":"c","cluster":{"server":"https://)" + host +
           R"(:6443"}}],"users":[{"name":"u","user":{"token":"s3cret"}}],"contexts":[{"name":")" + context +
           R"(","context":{"cluster":"c","user":"u"}}]})";
}

class ServersTableTest : public ::testing::Test {
protected:
    ServersTableTest() {
        std::string pattern = (std::filesystem::temp_directory_path() / "servers-XXXXXX").string();
        directory_ = ::mkdtemp(pattern.data());
        sqlite3_open(path().c_str(), &db_);
        run("PRAGMA journal_mode = WAL");
        run("CREATE TABLE servers (server_id PRIMARY KEY, name, kubeconfig)");
    }
    ~ServersTableTest() override {
        sqlite3_close(db_);
        std::filesystem::remove_all(directory_);
    }
    std::string path() const { return (directory_ / "rigger.db").string(); }
    void run(const std::string &sql) {
        ASSERT_EQ(sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db_);
    }
    void add(const std::string &name, const std::string &config) {
        run("INSERT INTO servers VALUES ('id-" + name + "', '" + name + "', " +
            (config.empty() ? "NULL" : "'" + config + "'") + ")");
    }

    std::filesystem::path directory_;
    sqlite3 *db_ = nullptr;
};

TEST_F(ServersTableTest, EachRowWithAKubeconfig_IsAClusterNamedLikeItsServer) {
    add("b", kubeconfig("b", "203.0.113.2"));
    add("a", kubeconfig("another", "203.0.113.1"));
    add("no-kubeconfig", "");
    auto roll = servers_table_roster(path())->read();
    ASSERT_TRUE(roll.ok()) << roll.error().message;
    const kube::Roll read = *std::move(roll);
    const auto &clusters = read.clusters;
    ASSERT_EQ(clusters.size(), 2U);
    EXPECT_EQ(clusters[0].first, "a");
    EXPECT_EQ(clusters[0].second.host, "203.0.113.1");
    EXPECT_EQ(clusters[1].first, "b");
}

TEST_F(ServersTableTest, AKubeconfigThatCannotBeUsed_BreaksItsOwnClusterOnly_AndIsNotShown) {
    add("good", kubeconfig("good", "203.0.113.1"));
    add("bad", "{\"token\":\"s3cret\"");
    auto roll = servers_table_roster(path())->read();
    ASSERT_TRUE(roll.ok());
    const kube::Roll read = *std::move(roll);
    EXPECT_EQ(read.clusters.size(), 1U);
    ASSERT_EQ(read.broken.size(), 1U);
    EXPECT_EQ(read.broken[0].first, "bad");
    EXPECT_EQ(read.broken[0].second.find("s3cret"), std::string::npos) << read.broken[0].second;
}

TEST_F(ServersTableTest, ItsStampChangesWithACommit) {
    const auto roster = servers_table_roster(path());
    const std::string before = roster->stamp();
    EXPECT_EQ(roster->stamp(), before);
    add("a", kubeconfig("a", "203.0.113.1"));
    EXPECT_NE(roster->stamp(), before);
}

TEST_F(ServersTableTest, ATableThatCannotBeRead_IsAFailure_NotAnEmptyRoster) {
    EXPECT_FALSE(servers_table_roster((directory_ / "nowhere.db").string())->read().ok());
    run("DROP TABLE servers");
    EXPECT_FALSE(servers_table_roster(path())->read().ok());
}

} // namespace
} // namespace k3s
