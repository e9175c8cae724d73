// Pools, lanes and timers.
#include "host/pool.hpp"
#include "host/services/topics.hpp"
#include "host/timers.hpp"

#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <vector>

namespace rigger::host {
namespace {
using namespace std::chrono_literals;
using testing::ElementsAre;

TEST(Lane, AStrandKeepsOrderAndNeverOverlaps) {
    auto pool = std::make_shared<Pool>("test", 4);
    auto strand = std::make_shared<Lane>(pool, 1, 1000);
    std::vector<int> seen;
    std::atomic<int> inside{0};
    for (int i = 0; i < 200; ++i)
        ASSERT_TRUE(strand
                        ->run([&, i](const auto &) {
                            EXPECT_EQ(++inside, 1);
                            seen.push_back(i);
                            --inside;
                        })
                        .ok());
    std::promise<void> last;
    ASSERT_TRUE(strand->run([&](const auto &) { last.set_value(); }).ok());
    last.get_future().wait();
    pool->stop();
    ASSERT_EQ(seen.size(), 200u);
    EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

TEST(Lane, RunsUpToItsLimitAtOnce) {
    auto pool = std::make_shared<Pool>("test", 4);
    auto lane = std::make_shared<Lane>(pool, 2, 10);
    std::promise<void> both, release;
    auto released = release.get_future().share();
    std::atomic<int> inside{0}, most{0};
    std::atomic<bool> met{false};
    for (int i = 0; i < 4; ++i)
        ASSERT_TRUE(lane->run([&](const auto &) {
                            const int n = ++inside;
                            if (n > most) most = n;
                            if (n == 2 && !met.exchange(true)) both.set_value(); // a later pair meets as well
                            released.wait();
                            --inside;
                        })
                        .ok());
    both.get_future().wait();
    release.set_value();
    pool->stop();
    EXPECT_LE(most, 2);
}

TEST(Lane, AFullQueueRefuses) {
    auto pool = std::make_shared<Pool>("test", 1);
    auto lane = std::make_shared<Lane>(pool, 1, 2);
    std::promise<void> release;
    auto released = release.get_future().share();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(lane->run([released](const auto &) { released.wait(); }).ok());
    const Status full = lane->run([](const auto &) {});
    ASSERT_FALSE(full.ok());
    EXPECT_EQ(full.error().reason, "QueueFull");
    EXPECT_EQ(full.error().code, Code::exhausted);
    release.set_value();
    pool->stop();
}

TEST(Lane, AClosedOneTakesNothing) {
    auto pool = std::make_shared<Pool>("test", 1);
    auto lane = std::make_shared<Lane>(pool, 1, 2);
    lane->close();
    EXPECT_EQ(lane->run([](const auto &) {}).error().reason, "NotRunning");
}

TEST(Pool, AStuckThreadIsReplacedAndStopDoesNotWaitForIt) {
    auto pool = std::make_shared<Pool>("test", 1);
    auto lane = std::make_shared<Lane>(pool, 1, 4);
    std::promise<std::shared_ptr<Pool::Worker>> stuck;
    auto forever = std::make_shared<std::promise<void>>();
    std::promise<void> gone;
    ASSERT_TRUE(lane->run([&stuck, forever, &gone](const auto &worker) {
                        stuck.set_value(worker);
                        forever->get_future().wait();
                        gone.set_value();
                    })
                    .ok());
    const auto worker = stuck.get_future().get();
    worker->lost = true;
    lane->give_up(worker);
    EXPECT_EQ(pool->stuck(), 1u);
    std::promise<void> next;
    ASSERT_TRUE(lane->run([&](const auto &) { next.set_value(); }).ok());
    next.get_future().wait();
    pool->stop();
    forever->set_value();
    gone.get_future().wait();
}

TEST(Pool, WithoutThreadsOfItsOwnTheCallersRunsTheTask) {
    auto pool = std::make_shared<Pool>("test", 0);
    auto strand = std::make_shared<Lane>(pool, 1, 4);
    std::vector<int> seen;
    ASSERT_TRUE(strand
                    ->run([&](const auto &) {
                        EXPECT_TRUE(strand->run([&](const auto &) { seen.push_back(2); }).ok()); // its turn comes after
                        seen.push_back(1);
                    })
                    .ok());
    EXPECT_THAT(seen, ElementsAre(1, 2));
    pool->stop();
    EXPECT_EQ(strand->run([](const auto &) {}).error().reason, "NotRunning");
}

TEST(Pool, RunsWhatIsQueuedBeforeItStops) {
    Pool pool("test", 2);
    std::atomic<int> done{0};
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(pool.run([&](const auto &) { ++done; }));
    pool.stop();
    EXPECT_EQ(done, 50);
    EXPECT_FALSE(pool.run([](const auto &) {}));
}

TEST(Timers, FireInOrderAndRepeat) {
    Timers timers;
    std::vector<int> seen;
    timers.add(MonoTime{300}, Duration{0}, [&] { seen.push_back(3); });
    timers.add(MonoTime{100}, Duration{0}, [&] { seen.push_back(1); });
    const uint64_t every = timers.add(MonoTime{200}, Duration{200}, [&] { seen.push_back(2); });
    EXPECT_EQ(timers.fire(MonoTime{99}), MonoTime{100});
    EXPECT_TRUE(seen.empty());
    timers.fire(MonoTime{300});
    EXPECT_THAT(seen, ElementsAre(1, 2, 3));
    timers.fire(MonoTime{2000});
    EXPECT_THAT(seen, ElementsAre(1, 2, 3, 2)) << "missed periods are not made up for";
    EXPECT_EQ(timers.next(), MonoTime{2200});
    timers.cancel(every);
    timers.cancel(every);
    EXPECT_EQ(timers.next(), MonoTime{UINT64_MAX});
}

TEST(Timers, ACallbackMayAddAndCancel) {
    Timers timers;
    int fired = 0;
    const uint64_t other = timers.add(MonoTime{200}, Duration{0}, [&] { ++fired; });
    timers.add(MonoTime{100}, Duration{0}, [&] {
        timers.cancel(other);
        timers.add(MonoTime{150}, Duration{0}, [&] { fired += 10; });
    });
    timers.fire(MonoTime{100});
    timers.fire(MonoTime{500});
    EXPECT_EQ(fired, 10);
}

TEST(Topics, DeliverByNameAndPrefix) {
    Topics topics;
    std::vector<std::string> seen;
    const auto note = [&](const std::string &who) {
        return [&seen, who](const std::string &topic, const auto &document) {
            seen.push_back(who + ":" + topic + ":" + *document);
        };
    };
    topics.subscribe("a.b", note("exact"));
    const uint64_t prefix = topics.subscribe("a.*", note("prefix"));
    topics.publish("a.b", "1");
    topics.publish("a.c", "2");
    topics.cancel(prefix);
    topics.publish("a.b", "3");
    topics.publish("b", "4");
    EXPECT_THAT(seen, ElementsAre("exact:a.b:1", "prefix:a.b:1", "prefix:a.c:2", "exact:a.b:3"));
}

} // namespace
} // namespace rigger::host
