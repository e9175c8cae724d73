#include "commands.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rigger/sdk/testing/fake_host.hpp>

namespace {
using Json = nlohmann::json;

class Clusters : public ::testing::Test {
protected:
    void say(std::string view, std::string probe) {
        host.on_query([view](auto, auto) -> rig::Result<std::string> { return view; });
        host.on_stream([probe](auto, auto) -> rig::Result<std::string> { return probe; });
    }
    Json items() {
        auto answer = cluster_commands::clusters(rig::Control(host.host()), rig::Call(nullptr));
        EXPECT_TRUE(answer.ok());
        return answer.ok() ? Json::parse(*answer)["items"] : Json();
    }
    rig::testing::FakeHost host;
};

TEST_F(Clusters, AreJoinedWithTheirProbesByName) {
    say(R"({"items":[{"name":"k/a","freshness":"complete","lastError":"old"}]})",
        R"({"clusters":[{"name":"k/a","state":"ready","version":"v1.20.2"}]})");
    EXPECT_EQ(items(),
              Json::parse(
                  R"([{"name":"k/a","freshness":"complete","lastError":"old","state":"ready","version":"v1.20.2"}])"));
}

TEST_F(Clusters, KeepARowWhenTheyCannotBeAsked) {
    say(R"({"items":[{"name":"k/a","freshness":"unknown","lastError":null}]})",
        R"({"clusters":[{"name":"k/","state":"unknown","version":null,"error":"gone"}]})");
    const Json rows = items();
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0]["state"], "unknown");
    EXPECT_EQ(rows[1]["lastError"], "gone");
    EXPECT_EQ(rows[1]["freshness"], "unknown");
}

TEST_F(Clusters, OfABackendWithoutAnyHaveOneRow_UntilItsProbeNamesThem) {
    say(R"({"items":[{"name":"k/","freshness":"unknown","lastError":null}]})",
        R"({"clusters":[{"name":"k/a","state":"unreachable","error":"no kubeconfig"}]})");
    const Json rows = items();
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0]["name"], "k/a");
    say(R"({"items":[{"name":"k/","freshness":"unknown","lastError":null}]})",
        R"({"clusters":[{"name":"k/","state":"unknown","error":"gone"},{"name":"l/a","state":"ready"}]})");
    EXPECT_EQ(items().size(), 2u);
}

TEST_F(Clusters, OfOneThatIsUnreachableTheCurrentErrorShows_WithItsTime) {
    const char *const seen =
        R"({"items":[{"name":"k/a","freshness":"unknown","lastError":"old","lastErrorAt":"2026-01-02T03:04:05Z","recovered":true}]})";
    say(seen,
        R"({"clusters":[{"name":"k/a","state":"unreachable","error":"connection refused","errorAt":"2026-01-02T03:05:00Z"}]})");
    Json row = items()[0];
    EXPECT_EQ(row["lastError"], "connection refused");
    EXPECT_EQ(row["lastErrorAt"], "2026-01-02T03:05:00Z");
    EXPECT_EQ(row["recovered"], false);
    // A time that belongs to another error is worse than none.
    say(seen, R"({"clusters":[{"name":"k/a","state":"unreachable","error":"connection refused"}]})");
    EXPECT_TRUE(items()[0]["lastErrorAt"].is_null());
    say(seen, R"({"clusters":[{"name":"k/a","state":"ready"}]})");
    row = items()[0];
    EXPECT_EQ(row["lastError"], "old");
    EXPECT_EQ(row["lastErrorAt"], "2026-01-02T03:04:05Z");
    EXPECT_EQ(row["recovered"], true);
}

TEST_F(Clusters, AMalformedViewIsNoEmptyList) {
    for (const char *bad : {"", "[]", "{}", R"({"items":null})"}) {
        say(bad, R"({"clusters":[]})");
        EXPECT_FALSE(cluster_commands::clusters(rig::Control(host.host()), rig::Call(nullptr)).ok()) << bad;
    }
}

} // namespace
