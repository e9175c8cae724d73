// Which clusters there are: what cannot be used costs its own cluster alone.
#include "kube/roster.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace kube {
namespace {

class RosterTest : public ::testing::Test {
protected:
    RosterTest() {
        std::string pattern = (std::filesystem::temp_directory_path() / "roster-XXXXXX").string();
        file_ = std::filesystem::path(::mkdtemp(pattern.data())) / "kubeconfig";
        std::ofstream(file_) << "contexts: [{name: skips-tls, context: {cluster: bad, user: u}}, "
                                "{name: good, context: {cluster: c, user: u}}]\n"
                                "clusters: [{name: c, cluster: {server: 'https://h'}}, "
                                "{name: bad, cluster: {server: 'https://b', insecure-skip-tls-verify: true}}]\n"
                                "users: [{name: u, user: {token: x}}]\n";
    }
    ~RosterTest() override { std::filesystem::remove_all(file_.parent_path()); }
    std::filesystem::path file_;
};

TEST_F(RosterTest, AContextThatCannotBeUsed_IsBrokenByItself) {
    const auto roll = merged_roster(file_.string())->read();
    ASSERT_TRUE(roll.ok()) << roll.error().message;
    ASSERT_EQ(roll->clusters.size(), 1U);
    EXPECT_EQ(roll->clusters[0].first, "good");
    ASSERT_EQ(roll->broken.size(), 1U);
    EXPECT_EQ(roll->broken[0].first, "skips-tls");
    EXPECT_NE(roll->broken[0].second.find(file_.string()), std::string::npos);
    EXPECT_NE(roll->broken[0].second.find("insecure-skip-tls-verify"), std::string::npos);
}

TEST_F(RosterTest, TheContextThatIsNamed_IsUsed_WhateverElseTheFileHolds) {
    const auto roll = single_roster("one", file_.string(), "good")->read();
    ASSERT_TRUE(roll.ok());
    ASSERT_EQ(roll->clusters.size(), 1U);
    EXPECT_EQ(roll->clusters[0].first, "one");
    EXPECT_EQ(roll->clusters[0].second.host, "h");
    EXPECT_EQ(single_roster("one", file_.string(), "skips-tls")->read()->broken.size(), 1U);
    EXPECT_NE(single_roster("one", file_.string(), "neither")->read()->broken.at(0).second.find("no context"),
              std::string::npos);
}

} // namespace
} // namespace kube
