#include "host/names.hpp"

#include "host/order.hpp"
#include "host/package.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rigger::host {
namespace {
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Names, PluginIds) {
    for (const char *good : {"com.example.mine", "rig.x", "a.b-c.d9"}) EXPECT_TRUE(is_plugin_id(good)) << good;
    for (const char *bad :
         {"", "mine", "Com.example", "com..x", ".com", "com.", "com.-x", "com.x-", "com/x.y", "com.x\n"})
        EXPECT_FALSE(is_plugin_id(bad)) << bad;
}

TEST(Names, Versions) {
    for (const char *good : {"0.0.1", "1.10.0", "1.0.0-rc1", "1.0.0+build.5"}) EXPECT_TRUE(is_version(good)) << good;
    for (const char *bad : {"", "1", "1.0", "v1.0.0", "1.0.0-", "01.0.0", "1.0.0.0", "1.0.0 "})
        EXPECT_FALSE(is_version(bad)) << bad;
}

TEST(Names, VersionsCompareAsSemanticVersionsDo) {
    const char *ascending[] = {"0.9.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-rc.1", "1.0.0",
                               "1.2.0", "1.10.0",      "2.0.0"};
    for (size_t i = 0; i + 1 < std::size(ascending); ++i) {
        EXPECT_LT(compare_versions(ascending[i], ascending[i + 1]), 0) << ascending[i];
        EXPECT_GT(compare_versions(ascending[i + 1], ascending[i]), 0) << ascending[i];
    }
    EXPECT_EQ(compare_versions("1.0.0+a", "1.0.0+b"), 0);
}

TEST(Names, HostPatterns) {
    for (const char *good :
         {"*", "api.example.com", "*.example.com:8443", "localhost", "10.0.0.1", "[::1]:80", "API.Example.com"})
        EXPECT_TRUE(is_host_pattern(good)) << good;
    for (const char *bad : {"", "http://x", "a/b", "*.", "a.*.b", "x:0", "x:99999", "x y", "user@x"})
        EXPECT_FALSE(is_host_pattern(bad)) << bad;
    EXPECT_TRUE(matches_host_pattern("*.example.com", "api.Example.com", 443));
    EXPECT_FALSE(matches_host_pattern("*.example.com", "example.com", 443));
    EXPECT_FALSE(matches_host_pattern("*.example.com", "evilexample.com", 443));
    EXPECT_TRUE(matches_host_pattern("example.com:8443", "example.com", 8443));
    EXPECT_FALSE(matches_host_pattern("example.com:8443", "example.com", 443));
    EXPECT_FALSE(matches_host_pattern("example.com", "example.com.evil.test", 443));
}

TEST(StartOrder, DependenciesComeFirstAndTheRestAsGiven) {
    const auto plan = plan_start({{"c", "com.c", "1.0.0", {"com.a", "com.absent"}, {}, {}},
                                  {"b", "com.b", "1.0.0", {}, {}, {}},
                                  {"a", "com.a", "1.0.0", {"b"}, {}, {}}});
    EXPECT_TRUE(plan.refused.empty());
    EXPECT_THAT(plan.order, ElementsAre(1, 2, 0));
}

TEST(StartOrder, ACycleIsRefusedByItsName) {
    const auto plan = plan_start({{"a", "com.a", "1.0.0", {"com.b"}, {}, {}},
                                  {"b", "com.b", "1.0.0", {"com.c"}, {}, {}},
                                  {"c", "com.c", "1.0.0", {"com.a"}, {}, {}},
                                  {"free", "com.free", "1.0.0", {}, {}, {}}});
    EXPECT_THAT(plan.order, ElementsAre(3));
    ASSERT_EQ(plan.refused.size(), 3u);
    EXPECT_THAT(plan.refused[0].second.message, HasSubstr("its start order is a circle: a -> b -> c -> a"));
}

TEST(StartOrder, RequirementsAndConflictsAreChecked) {
    const auto plan = plan_start({{"a", "com.a", "1.0.0", {}, {"com.b >=1.2 <2"}, {}},
                                  {"b", "com.b", "1.1.0", {}, {}, {}},
                                  {"c", "com.c", "1.0.0", {}, {"com.absent"}, {}},
                                  {"d", "com.d", "1.0.0", {}, {}, {"com.b"}},
                                  {"e", "com.e", "1.0.0", {}, {}, {"com.b >=2"}}});
    EXPECT_THAT(plan.order, ElementsAre(1, 4));
    ASSERT_EQ(plan.refused.size(), 3u);
    EXPECT_THAT(plan.refused[0].second.message, HasSubstr("requires com.b >=1.2 <2, version 1.1.0 is installed"));
    EXPECT_THAT(plan.refused[1].second.message, HasSubstr("rigger plugins enable com.absent"));
    EXPECT_THAT(plan.refused[2].second.message, HasSubstr("conflicts with com.b 1.1.0"));
}

TEST(StartOrder, VersionConstraints) {
    EXPECT_TRUE(*version_satisfies("1.2.0", ">=1.2 <2"));
    EXPECT_FALSE(*version_satisfies("2.0.0", ">=1.2 <2"));
    EXPECT_TRUE(*version_satisfies("1.2.3", "=1.2.3"));
    EXPECT_TRUE(*version_satisfies("1.2.3", ""));
    EXPECT_FALSE(version_satisfies("1.2.3", "about 1").ok());
}

} // namespace
} // namespace rigger::host
