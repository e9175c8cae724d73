// The plugin through its C tables, as the daemon drives it.
#include "fixture.hpp"

#include <gmock/gmock.h>

namespace catalog {
namespace {

using rig::testing::Delivery;
using rig::testing::FakeCall;
using rig::testing::Instance;
using rig::testing::MarketRecorder;
using test::Json;
using test::second;

class SourceTest : public test::MarketTest {
protected:
    void start() {
        auto created = Instance::create(rig_plugin_v1, host, config.dump());
        ASSERT_TRUE(created.ok()) << created.error().message;
        made.emplace(std::move(*created));
        const auto status = made->start();
        ASSERT_TRUE(status.ok()) << status.error().message;
    }
    /// Watches until `enough` says so; each delivery moves the clock by ten seconds.
    void watch(MarketRecorder &into, std::function<bool(const Delivery &)> enough, std::string_view token = {}) {
        FakeCall call;
        into.after([&](const Delivery &d) {
            if (enough(d)) call.cancel();
            else host.advance(10 * second);
        });
        const auto status = made->watch(into, call, token);
        EXPECT_TRUE(status.ok()) << status.error().message;
    }
    static bool is_event(const Delivery &d, const char *type) {
        return d.what == Delivery::event && Json::parse(d.document)["type"] == type;
    }
    static bool listed(const Delivery &d) {
        return d.what == Delivery::mark && d.kind == "instance" && d.number == RIG_MARK_COMPLETE;
    }

    std::optional<Instance> made;
};

TEST_F(SourceTest, Watch_ListsTheMarket_UntilCancelled) {
    write(file, market_of({"a", "b"}));
    start();
    MarketRecorder market;
    watch(market, listed);
    EXPECT_EQ(market.all(Delivery::put).size(), 2u);
    EXPECT_TRUE(market.marked("offer", RIG_MARK_COMPLETE));
}

TEST_F(SourceTest, Watch_CarriesAnInstanceToItsActiveState) {
    write(file, market_of({"a"}));
    start();
    ASSERT_TRUE(made->claim("d1", "a", "{}").ok());
    ASSERT_TRUE(made->announce(R"({"id":"d1"})").ok());
    MarketRecorder market;
    watch(market,
          [](const Delivery &d) { return d.what == Delivery::checkpoint && d.document == R"({"sequence":3})"; });
    std::vector<std::string> types;
    for (const Delivery &d : market.all(Delivery::event)) types.push_back(Json::parse(d.document)["type"]);
    EXPECT_THAT(types, ::testing::ElementsAre("instance_created", "instance_verified", "instance_activated"));
}

TEST_F(SourceTest, Watch_EndsWithTheHostsAnswer_WhenTheHostWantsNoMore) {
    write(file, market_of({"a", "b"}));
    start();
    MarketRecorder market;
    market.refuse_from(2, RIG_E_CANCELLED);
    FakeCall call;
    const auto status = made->watch(market, call);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, RIG_E_CANCELLED);
    EXPECT_FALSE(market.delivered_after_refusal());
}

TEST_F(SourceTest, EventsThatTheHostDidNotTake_ComeAgain) {
    write(file, market_of({"a"}));
    start();
    ASSERT_TRUE(made->claim("d1", "a", "{}").ok());
    ASSERT_TRUE(made->announce(R"({"id":"d1"})").ok());
    MarketRecorder first, again;
    first.refuse_from(6, RIG_E_UNAVAILABLE); // BEGIN +a COMPLETE BEGIN +i COMPLETE, then the event
    FakeCall call;
    EXPECT_FALSE(made->watch(first, call).ok());
    EXPECT_TRUE(first.all(Delivery::event).empty());
    watch(again, [](const Delivery &d) { return is_event(d, "instance_created"); });
    EXPECT_EQ(again.all(Delivery::event).size(), 1u);
}

TEST_F(SourceTest, ResumeTokenOfAnySort_IsSurvived) {
    write(file, market_of({"a"}));
    start();
    for (const char *token : {"", "x", "[]", "{\"sequence\":-1}", "{\"sequence\":\"x\"}", "{\"sequence\":99999}"}) {
        MarketRecorder market;
        FakeCall call;
        market.after([&](const Delivery &d) {
            if (listed(d)) call.cancel();
        });
        EXPECT_TRUE(made->watch(market, call, token).ok()) << token;
        EXPECT_TRUE(market.marked("offer", RIG_MARK_COMPLETE)) << token;
    }
}

TEST_F(SourceTest, BadConfiguration_RefusesTheStart) {
    config["pollSeconds"] = -1;
    auto created = Instance::create(rig_plugin_v1, host, config.dump());
    ASSERT_TRUE(created.ok());
    EXPECT_EQ(created->start().error().code, RIG_E_INVALID);
}

TEST_F(SourceTest, StopTwice_LeavesNoTimer) {
    write(file, market_of({"a"}));
    start();
    EXPECT_EQ(host.pending(), 1u);
    EXPECT_TRUE(made->stop().ok());
    EXPECT_TRUE(made->stop().ok());
    EXPECT_EQ(host.pending(), 0u);
}

TEST_F(SourceTest, WithoutTimers_TheWatchLooksByItself) {
    host.withhold(RIG_SERVICE_TIMERS);
    write(file, market_of({"a"}));
    start();
    ASSERT_TRUE(made->claim("d1", "a", "{}").ok());
    ASSERT_TRUE(made->announce(R"({"id":"d1"})").ok());
    MarketRecorder market;
    watch(market, [](const Delivery &d) { return is_event(d, "instance_created"); });
    EXPECT_EQ(market.all(Delivery::event).size(), 1u);
}

TEST_F(SourceTest, PublishChallengeAuthenticate_AreNotOffered) {
    write(file, market_of({"a"}));
    start();
    const auto &table = *made->table<rig_validator_source>(RIG_KIND_VALIDATOR_SOURCE);
    FakeCall call;
    EXPECT_EQ(table.publish(made->raw(), call.raw(), rig::view("inventory"), rig::doc("{}"), nullptr),
              RIG_E_UNSUPPORTED);
}

} // namespace
} // namespace catalog
