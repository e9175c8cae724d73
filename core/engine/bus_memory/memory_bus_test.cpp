#include "engine/bus_memory/memory_bus.hpp"

#include <atomic>
#include <functional>
#include <gtest/gtest.h>
#include <latch>
#include <thread>
#include <vector>

namespace rigger {
namespace {

struct Recorder final : BusListener {
    void event(const BusEvent &event) override {
        topics.push_back(event.topic);
        documents.push_back(event.document);
        if (then) then(event);
    }
    void gap(std::string_view) override { ++gaps; }
    std::vector<std::string> topics, documents;
    std::function<void(const BusEvent &)> then;
    int gaps = 0;
};

class MemoryBusTest : public testing::Test {
protected:
    void publish(const std::string &topic, const std::string &document = "{}") {
        ASSERT_TRUE(bus->publish({topic, document}).ok());
    }
    std::unique_ptr<BusSubscription> subscribe(const std::string &pattern, Recorder &recorder) {
        auto subscription = bus->subscribe(pattern, recorder);
        EXPECT_TRUE(subscription.ok()) << subscription.error().message;
        return *std::move(subscription);
    }
    std::unique_ptr<Bus> bus = make_memory_bus(8);
};

using Topics = std::vector<std::string>;

TEST_F(MemoryBusTest, Event_ReachesThoseWhosePatternMatches) {
    Recorder exact, beginning, all, other;
    const auto s1 = subscribe("market.bounty_change", exact), s2 = subscribe("market.*", beginning),
               s3 = subscribe("*", all), s4 = subscribe("deployment.*", other);
    publish("market.bounty_change", R"({"bounty":250})");
    publish("market.bounty_change2");
    EXPECT_EQ(exact.documents, Topics{R"({"bounty":250})"});
    EXPECT_EQ(beginning.topics, (Topics{"market.bounty_change", "market.bounty_change2"}));
    EXPECT_EQ(all.topics.size(), 2U);
    EXPECT_TRUE(other.topics.empty());
}

TEST_F(MemoryBusTest, WithoutASubscriber_EventsAreGone) {
    publish("a");
    Recorder recorder;
    const auto subscription = subscribe("*", recorder);
    EXPECT_TRUE(recorder.topics.empty());
}

TEST_F(MemoryBusTest, EndedSubscription_ReceivesNothingMore) {
    Recorder recorder;
    auto subscription = subscribe("*", recorder);
    publish("a");
    subscription.reset();
    publish("b");
    EXPECT_EQ(recorder.topics, Topics{"a"});
}

TEST_F(MemoryBusTest, ListenerThatPublishes_IsCalledAfterItsReturn) {
    Recorder recorder;
    int depth = 0, deepest = 0;
    recorder.then = [&](const BusEvent &event) {
        deepest = std::max(deepest, ++depth);
        if (event.topic == "first") { EXPECT_TRUE(bus->publish({"second", "{}"}).ok()); }
        --depth;
    };
    const auto subscription = subscribe("*", recorder);
    publish("first");
    EXPECT_EQ(recorder.topics, (Topics{"first", "second"}));
    EXPECT_EQ(deepest, 1);
}

TEST_F(MemoryBusTest, ListenerMayEndItsOwnSubscription) {
    Recorder recorder;
    std::unique_ptr<BusSubscription> subscription;
    recorder.then = [&](const BusEvent &) { subscription.reset(); };
    subscription = subscribe("*", recorder);
    publish("a");
    publish("b");
    EXPECT_EQ(recorder.topics, Topics{"a"});
}

TEST_F(MemoryBusTest, ListenerMayEndTheNextOnesSubscription) {
    Recorder first, second;
    std::unique_ptr<BusSubscription> victim;
    first.then = [&](const BusEvent &) { victim.reset(); };
    const auto subscription = subscribe("*", first);
    victim = subscribe("*", second);
    publish("a");
    EXPECT_TRUE(second.topics.empty());
}

TEST_F(MemoryBusTest, ListenerMaySubscribeAnother) {
    Recorder first, second;
    std::unique_ptr<BusSubscription> late;
    first.then = [&](const BusEvent &) {
        if (!late) late = subscribe("*", second);
    };
    const auto subscription = subscribe("*", first);
    publish("a");
    publish("b");
    EXPECT_EQ(second.topics, Topics{"b"});
}

TEST_F(MemoryBusTest, Overflow_IsRefusedAndEveryListenerIsTold) {
    Recorder recorder;
    int refused = 0;
    recorder.then = [&](const BusEvent &event) {
        if (event.topic != "flood") return;
        for (int i = 0; i < 10; ++i) {
            const Status done = bus->publish({"drop", "{}"});
            if (!done.ok()) {
                ++refused;
                EXPECT_EQ(done.error().code, Code::unavailable);
            }
        }
    };
    const auto subscription = subscribe("*", recorder);
    publish("flood");
    EXPECT_EQ(refused, 2);
    EXPECT_EQ(recorder.topics.size(), 9U);
    EXPECT_EQ(recorder.gaps, 1);
}

TEST_F(MemoryBusTest, BadTopicsAndPatterns_AreRefused) {
    Recorder recorder;
    for (const char *const topic : {"", "a b", "a*", "ü", "a\n"})
        EXPECT_FALSE(bus->publish({topic, "{}"}).ok()) << topic;
    for (const char *const pattern : {"", "a b*", "*a", "a*b*", "**"})
        EXPECT_FALSE(bus->subscribe(pattern, recorder).ok()) << pattern;
    EXPECT_FALSE(bus->publish({std::string(200, 'a'), "{}"}).ok());
}

TEST_F(MemoryBusTest, ManyPublishers_OneOrderForAllListeners) {
    bus = make_memory_bus(100'000);
    Recorder one, two;
    const auto s1 = subscribe("*", one), s2 = subscribe("*", two);
    std::vector<std::thread> publishers;
    for (int t = 0; t < 4; ++t)
        publishers.emplace_back([&, t] {
            for (int i = 0; i < 500; ++i) (void)bus->publish({"t" + std::to_string(t), std::to_string(i)});
        });
    for (std::thread &publisher : publishers) publisher.join();
    publish("end"); // whoever delivered is through when this returns
    EXPECT_EQ(one.topics.size(), 2001U);
    EXPECT_EQ(one.topics, two.topics);
    EXPECT_EQ(one.documents, two.documents);
}

TEST_F(MemoryBusTest, EndingASubscription_WaitsForTheCallUnderWay) {
    std::latch inside(1), go_on(1);
    std::atomic<bool> returned{false};
    Recorder recorder;
    recorder.then = [&](const BusEvent &) {
        inside.count_down();
        go_on.wait();
        returned = true;
    };
    auto subscription = subscribe("*", recorder);
    std::thread publisher([&] { publish("a"); });
    inside.wait();
    std::thread releaser([&] { go_on.count_down(); });
    subscription.reset();
    EXPECT_TRUE(returned.load());
    publisher.join();
    releaser.join();
}

} // namespace
} // namespace rigger
