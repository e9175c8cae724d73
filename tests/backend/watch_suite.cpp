// watch: listing, changes, order, resumption, heartbeats, cancellation.
#include "client.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace backend_suite {
namespace {
using Events = std::vector<WatchEvent>;

class Watch : public BackendTest {
protected:
    Json maps(Json extra = Json::object()) const {
        if (!extra.contains("labelSelector")) extra["labelSelector"] = "app.kubernetes.io/managed-by=rigger";
        return query("v1", "ConfigMap", std::move(extra));
    }
    /// Without a selector: only such a watch can resume everywhere.
    Json all_maps() const { return query("v1", "ConfigMap"); }
    static bool completed(const Events &events) {
        return std::any_of(events.begin(), events.end(),
                           [](const WatchEvent &e) { return e.what == WatchEvent::complete; });
    }
    static size_t count(const Events &events, WatchEvent::What what, const std::string &name) {
        return static_cast<size_t>(std::count_if(
            events.begin(), events.end(), [&](const WatchEvent &e) { return e.what == what && e.name() == name; }));
    }
};

TEST_F(Watch, AWatch_BeginsWithAFullListing) {
    client->apply(config_map("one"));
    client->apply(config_map("two"));
    WatchSession watch(*client, maps());
    ASSERT_TRUE(watch.until(completed));
    const Events events = watch.events();
    ASSERT_FALSE(events.empty());
    EXPECT_EQ(events.front().what, WatchEvent::begin);
    EXPECT_EQ(count(events, WatchEvent::sync, "one"), 1U);
    EXPECT_EQ(count(events, WatchEvent::sync, "two"), 1U);
    EXPECT_TRUE(watch.until([](const Events &e) {
        return std::any_of(e.begin(), e.end(), [](const WatchEvent &w) { return w.what == WatchEvent::checkpoint; });
    }));
}
TEST_F(Watch, Changes_FollowTheListing) {
    WatchSession watch(*client, maps());
    ASSERT_TRUE(watch.until(completed));
    client->apply(config_map("new"));
    ASSERT_TRUE(watch.until_seen(WatchEvent::put, "new"));
    client->apply(config_map("new", Json::object(), {{"key", "changed"}}));
    ASSERT_TRUE(watch.until([](const Events &events) {
        return std::any_of(events.begin(), events.end(), [](const WatchEvent &e) {
            return e.what == WatchEvent::put && e.object["data"]["key"] == "changed";
        });
    }));
    client->remove(ref("v1", "ConfigMap", "new"));
    ASSERT_TRUE(watch.until_seen(WatchEvent::removed, "new"));
    EXPECT_EQ(count(watch.events(), WatchEvent::removed, "new"), 1U);
}
TEST_F(Watch, EachObjectsStates_ComeInOrder_AndNoneTwice) {
    WatchSession watch(*client, maps());
    ASSERT_TRUE(watch.until(completed));
    for (int round = 0; round < 20; ++round)
        for (const char *name : {"a", "b", "c"})
            client->apply(config_map(name, Json::object(), {{"round", std::to_string(round)}}));
    ASSERT_TRUE(watch.until([](const Events &events) {
        return std::count_if(events.begin(), events.end(), [](const WatchEvent &e) {
                   return e.what == WatchEvent::put && e.object["data"]["round"] == "19";
               }) == 3;
    }));
    // A write may touch nothing but the bookkeeping of who owns which field: a state of its own with the same data.
    std::map<std::string, int> last;
    std::set<std::pair<std::string, std::string>> states;
    for (const WatchEvent &event : watch.events()) {
        if (event.what != WatchEvent::put) continue;
        const int round = std::stoi(event.object["data"]["round"].get<std::string>());
        const auto [it, first] = last.try_emplace(event.name(), -1);
        EXPECT_GE(round, it->second) << event.name();
        EXPECT_TRUE(states.emplace(event.name(), event.object["metadata"]["resourceVersion"]).second)
            << event.name() << " came twice in the same state";
        it->second = round;
    }
    EXPECT_EQ(last.size(), 3U);
}
TEST_F(Watch, AResumedWatch_DeliversWhatWasMissed_OrStartsOver) {
    client->apply(config_map("kept"));
    client->apply(config_map("lost"));
    std::string token;
    {
        WatchSession watch(*client, all_maps());
        ASSERT_TRUE(watch.until(completed));
        client->apply(config_map("seen"));
        ASSERT_TRUE(watch.until_seen(WatchEvent::put, "seen"));
        ASSERT_TRUE(watch.until([](const Events &e) { return e.back().what == WatchEvent::checkpoint; }));
        token = watch.last_token();
    }
    client->apply(config_map("missed"));
    client->remove(ref("v1", "ConfigMap", "lost"));
    WatchSession resumed(*client, all_maps(), token);
    ASSERT_TRUE(resumed.until([](const Events &events) {
        return completed(events) || std::any_of(events.begin(), events.end(),
                                                [](const WatchEvent &e) { return e.what == WatchEvent::removed; });
    }));
    const Events events = resumed.events();
    if (completed(events)) {
        EXPECT_EQ(count(events, WatchEvent::sync, "missed"), 1U);
        EXPECT_EQ(count(events, WatchEvent::sync, "lost"), 0U);
    } else {
        EXPECT_EQ(count(events, WatchEvent::put, "missed"), 1U);
        EXPECT_EQ(count(events, WatchEvent::removed, "lost"), 1U);
        EXPECT_EQ(count(events, WatchEvent::put, "seen") + count(events, WatchEvent::put, "kept") +
                      count(events, WatchEvent::sync, "kept"),
                  0U);
    }
}
TEST_F(Watch, ATokenThatMeansNothing_StartsOver) {
    client->apply(config_map("one"));
    for (const char *token : {"nonsense", "1", "99999999999999999999.zzz", "\xff"}) {
        WatchSession watch(*client, maps(), token);
        ASSERT_TRUE(watch.until(completed)) << token;
        EXPECT_EQ(count(watch.events(), WatchEvent::sync, "one"), 1U);
    }
}
TEST_F(Watch, ASelector_LimitsWhatIsSeen) {
    WatchSession watch(*client, maps({{"labelSelector", "colour=red"}}));
    ASSERT_TRUE(watch.until(completed));
    client->apply(config_map("blue", {{"colour", "blue"}}));
    client->apply(config_map("red", {{"colour", "red"}}));
    ASSERT_TRUE(watch.until_seen(WatchEvent::put, "red"));
    EXPECT_EQ(count(watch.events(), WatchEvent::put, "blue"), 0U);
}
TEST_F(Watch, AnObjectThatLeavesTheSelection_IsRemoved_AndPutWhenItReturns) {
    client->apply(config_map("a", {{"colour", "red"}}));
    WatchSession watch(*client, maps({{"labelSelector", "colour=red"}}));
    ASSERT_TRUE(watch.until(completed));
    client->apply(config_map("a", {{"colour", "blue"}}));
    ASSERT_TRUE(watch.until_seen(WatchEvent::removed, "a"));
    client->apply(config_map("a", {{"colour", "red"}}));
    EXPECT_TRUE(watch.until_seen(WatchEvent::put, "a"));
}
TEST_F(Watch, ASilentWatch_SaysThatItLives) {
    WatchSession watch(*client, maps());
    ASSERT_TRUE(watch.until(completed));
    harness->pass(15);
    EXPECT_TRUE(watch.until([](const Events &events) {
        return std::any_of(events.begin(), events.end(),
                           [](const WatchEvent &e) { return e.what == WatchEvent::fresh; });
    }));
}
TEST_F(Watch, ACancelledWatch_Returns) {
    WatchSession watch(*client, maps());
    ASSERT_TRUE(watch.until(completed));
    EXPECT_NE(watch.cancel(), RIG_E_INTERNAL);
}
TEST_F(Watch, ABadQuery_IsRefused) {
    for (const Json &bad : {Json{{"kind", "ConfigMap"}}, maps({{"labelSelector", "a=b=c"}}), Json::array()}) {
        WatchSession watch(*client, bad);
        EXPECT_FALSE(watch.until(completed)) << bad;
        EXPECT_EQ(watch.cancel(), RIG_E_INVALID) << bad;
    }
}
} // namespace
} // namespace backend_suite
