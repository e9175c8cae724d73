// Breaker, budgets, crash judgement, quarantine, watchdog: all driven by hand.
#include "host/guard/breaker.hpp"
#include "host/guard/budget.hpp"
#include "host/guard/crash.hpp"
#include "host/guard/ledger.hpp"
#include "host/guard/quarantine.hpp"
#include "host/guard/watchdog.hpp"

#include <rigger/abi/kinds.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

namespace rigger::host {
namespace {
using namespace std::chrono_literals;
using testing::HasSubstr;

MonoTime at(Duration d) { return MonoTime{1'000'000'000} + d; }

TEST(Breaker, OpensAtTheFifthFailureInTwenty) {
    Breaker b({});
    for (int i = 0; i < 4; ++i) b.failure(at(0s));
    for (int i = 0; i < 10; ++i) b.success(at(0s));
    EXPECT_TRUE(b.admit(at(0s)));
    b.failure(at(0s));
    EXPECT_FALSE(b.admit(at(0s)));
    EXPECT_EQ(b.retry_after(at(10s)), Duration(20s));
}

TEST(Breaker, ForgetsFailuresBeyondItsLastCalls) {
    Breaker b({});
    for (int i = 0; i < 4; ++i) b.failure(at(0s));
    for (int i = 0; i < 20; ++i) b.success(at(0s));
    b.failure(at(0s));
    EXPECT_TRUE(b.admit(at(0s)));
}

TEST(Breaker, ForgetsFailuresThatAreOlderThanItsWindow) {
    BreakerPolicy p;
    p.failures = 3;
    p.window = 10min;
    Breaker b(p);
    b.failure(at(0s));
    b.failure(at(6min));
    b.failure(at(11min));
    EXPECT_TRUE(b.admit(at(11min)));
    b.failure(at(12min));
    EXPECT_FALSE(b.admit(at(12min)));
}

TEST(Breaker, StaysOpen_UntilProbesSucceed) {
    Breaker b({});
    b.trip(at(0s));
    EXPECT_FALSE(b.admit(at(29s)));
    EXPECT_TRUE(b.admit(at(30s)));
    EXPECT_FALSE(b.admit(at(30s))) << "one at a time";
    b.success(at(30s));
    EXPECT_EQ(b.state(at(30s)), Breaker::State::half_open);
    for (int i = 0; i < 2; ++i) {
        EXPECT_TRUE(b.admit(at(31s)));
        b.success(at(31s));
    }
    EXPECT_EQ(b.state(at(31s)), Breaker::State::closed);
    EXPECT_TRUE(b.admit(at(31s)));
    EXPECT_TRUE(b.admit(at(31s)));
}

TEST(Breaker, AProbeThatSaysNothingFreesItsPlace) {
    Breaker b({});
    b.trip(at(0s));
    EXPECT_TRUE(b.admit(at(30s)));
    b.neutral();
    EXPECT_TRUE(b.admit(at(30s)));
}

TEST(Breaker, WaitsTwiceAsLongEachTimeButNeverMoreThanFiveMinutes) {
    Breaker b({});
    b.trip(at(0s));
    MonoTime now = at(0s);
    for (const Duration wait :
         {Duration(30s), Duration(60s), Duration(120s), Duration(240s), Duration(300s), Duration(300s)}) {
        EXPECT_EQ(b.retry_after(now), wait);
        now = now + wait;
        ASSERT_TRUE(b.admit(now));
        b.failure(now);
    }
}

TEST(Breaker, ResetClosesItAtOnce) {
    Breaker b({});
    b.trip(at(0s));
    b.reset();
    EXPECT_TRUE(b.admit(at(0s)));
    EXPECT_EQ(b.state(at(0s)), Breaker::State::closed);
}

TEST(Budget, AScorersGrowsWithItsBatch) {
    const auto l = limits_for(RIG_KIND_PLACEMENT_SCORER, {});
    ASSERT_TRUE(l.ok());
    EXPECT_EQ(l->of_score(100).soft, Duration(1ms));
    EXPECT_EQ(l->of_score(100).hard, Duration(5s));
    EXPECT_EQ(l->of_score(10'000'000).soft, Duration(500ms));
    EXPECT_EQ(l->of_score(10'000'000).hard, Duration(25s));
}

TEST(Budget, HasASecondsPatienceAtLeast) {
    EXPECT_EQ((Budget{1ms, 5s}.patience()), Duration(1s));
    EXPECT_EQ((Budget{10s, 30s}.patience()), Duration(10s));
    EXPECT_EQ((Budget{0s, 15s}.patience()), Duration(0s)) << "no limit stays none";
}

TEST(Budget, TheOperatorMayChangeEachLimit) {
    InstanceFile f;
    f.limits["claim"] = {5s, std::nullopt};
    f.limits["start"] = {std::nullopt, 2s};
    f.breaker.failures = 50;
    const auto l = limits_for(RIG_KIND_VALIDATOR_SOURCE, f);
    ASSERT_TRUE(l.ok());
    EXPECT_EQ(l->of("claim").soft, Duration(5s));
    EXPECT_EQ(l->of("claim").hard, Duration(15s));
    EXPECT_EQ(l->of("start").soft, Duration(2s));
    EXPECT_EQ(l->of("start").hard, Duration(2s));
    EXPECT_EQ(l->breaker.of, 50u);
}

TEST(Budget, RefusesALimitForACallThatTheKindDoesNotHave) {
    InstanceFile f;
    f.file = "50-x.yaml";
    f.limits["dance"] = {1s, 2s};
    const auto l = limits_for(RIG_KIND_RECONCILER, f);
    ASSERT_FALSE(l.ok());
    EXPECT_THAT(
        l.error().message,
        HasSubstr("50-x.yaml: limits.dance is not a call of rig.reconciler/1; it has create, destroy, reconcile"));
}

Crash crash(Duration ago, const char *instance) {
    return {WallTime{1'000'000'000'000'000} + -ago, "com.example.x", "1.0.0", instance, "d1", "score", SIGSEGV};
}
constexpr WallTime now{1'000'000'000'000'000};

TEST(CrashJudgement, TheFirstCrashIsAWarning) {
    const auto j = judge({crash(1min, "a")}, now);
    ASSERT_EQ(j.warnings.size(), 1u);
    EXPECT_THAT(j.warnings[0],
                HasSubstr("com.example.x 1.0.0 (instance 'a') crashed the daemon in score with SIGSEGV"));
    EXPECT_TRUE(j.quarantine.empty());
    EXPECT_FALSE(j.safe_mode);
}

TEST(CrashJudgement, TheSecondWithinTenMinutesIsAQuarantine) {
    const auto j = judge({crash(9min, "a"), crash(1min, "a")}, now);
    ASSERT_EQ(j.quarantine.size(), 1u);
    EXPECT_EQ(j.quarantine[0].instance, "a");
    EXPECT_EQ(j.quarantine[0].digest, "d1");
    EXPECT_TRUE(judge({crash(11min, "a"), crash(1min, "a")}, now).quarantine.empty());
}

TEST(CrashJudgement, ThreeWithoutOneCulpritAreSafeMode) {
    EXPECT_TRUE(judge({crash(3min, "a"), crash(2min, "b"), crash(1min, "c")}, now).safe_mode);
    EXPECT_TRUE(judge({crash(3min, ""), crash(2min, ""), crash(1min, "")}, now).safe_mode);
    EXPECT_FALSE(judge({crash(3min, "a"), crash(2min, "a"), crash(1min, "a")}, now).safe_mode)
        << "one culprit is quarantined instead";
    EXPECT_FALSE(judge({crash(30min, "a"), crash(20min, "b"), crash(1min, "c")}, now).safe_mode);
}

class Folder : public testing::Test {
protected:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "rigger-guard-XXXXXX").string();
        path = ::mkdtemp(name.data());
    }
    ~Folder() override { std::filesystem::remove_all(path); }
    std::filesystem::path path;
};
using CrashRecord = Folder;
using QuarantineList = Folder;

TEST_F(CrashRecord, IsReadLineByLineAndGarbageIsSkipped) {
    std::ofstream(path / "c") << "at=100 signal=11 plugin=com.a version=1.0.0 instance=a digest=d call=score\n"
                              << "garbage\nat=-5 signal=11\nat=100 signal=900 plugin=x\n\xff\xfe\n"
                              << "at=101 signal=6 plugin= version= instance= digest= call=\nat=102 sig";
    const auto crashes = read_crashes(path / "c");
    ASSERT_EQ(crashes.size(), 2u);
    EXPECT_EQ(crashes[0].plugin, "com.a");
    EXPECT_EQ(crashes[0].call, "score");
    EXPECT_EQ(crashes[1].plugin, "");
    EXPECT_EQ(crashes[1].signal, 6);
    EXPECT_TRUE(read_crashes(path / "absent").empty());
}

using LedgerFile = Folder;

/// What is in the file while `ledger` lives.
std::optional<LeftInProgress> seen(const std::filesystem::path &file) { return Ledger::read(file); }

TEST_F(LedgerFile, HoldsWhatIsInProgress) {
    EXPECT_FALSE(seen(path / "l"));
    auto ledger = Ledger::open(path / "l", WallTime{5});
    ASSERT_TRUE(ledger.ok());
    const Badge a = Badge::make("com.a", "1.0.0", "a", "d"), b = Badge::make("com.b", "1.0.0", "b", "d");
    EXPECT_TRUE(seen(path / "l")->calls.empty());
    EXPECT_EQ(seen(path / "l")->started.ns, 5);
    {
        const Ledger::Entry watching(ledger->get(), a, "watch", true);
        EXPECT_EQ(seen(path / "l")->suspect(), nullptr) << "a watch is in progress all day";
        const Ledger::Entry scoring(ledger->get(), b, "score", false);
        const auto left = seen(path / "l");
        ASSERT_TRUE(left && left->suspect());
        EXPECT_STREQ(left->suspect()->badge.plugin, "com.b");
        EXPECT_STREQ(left->suspect()->call, "score");
        EXPECT_THAT(left->told(), testing::Eq("In progress were these calls: com.b 1.0.0 (instance 'b') in score, "
                                              "com.a 1.0.0 (instance 'a') in watch"));
        Ledger::Entry too(ledger->get(), a, "invoke", false);
        EXPECT_EQ(seen(path / "l")->suspect(), nullptr) << "one of two";
        too.in_host(true);
        EXPECT_STREQ(seen(path / "l")->suspect()->badge.plugin, "com.b") << "the other waits for the host";
        too.in_host(false);
        EXPECT_EQ(seen(path / "l")->suspect(), nullptr);
    }
    EXPECT_TRUE(seen(path / "l")->calls.empty());
    (*ledger)->end();
    EXPECT_FALSE(seen(path / "l"));
}

TEST_F(LedgerFile, OfAnotherStartOfTheMachineOrOfSomebodyElseSaysNothing) {
    {
        auto ledger = Ledger::open(path / "l", WallTime{5});
        std::filesystem::copy_file(path / "l", path / "copy");
    }
    ASSERT_TRUE(seen(path / "copy"));
    std::fstream(path / "copy", std::ios::in | std::ios::out).seekp(8).write("other boot", 10);
    EXPECT_FALSE(seen(path / "copy"));
    std::ofstream(path / "copy") << "rubbish";
    EXPECT_FALSE(seen(path / "copy"));
}

TEST_F(LedgerFile, MoreCallsThanItHoldsAreMadeAllTheSame) {
    auto ledger = Ledger::open(path / "l", WallTime{5});
    const Badge a = Badge::make("com.a", "1.0.0", "a", "d");
    std::vector<std::unique_ptr<Ledger::Entry>> entries;
    for (int i = 0; i < 300; ++i) entries.push_back(std::make_unique<Ledger::Entry>(ledger->get(), a, "watch", true));
    EXPECT_EQ(seen(path / "l")->calls.size(), 256u);
    entries.clear();
    EXPECT_TRUE(seen(path / "l")->calls.empty());
}

TEST(Judge, EndsWithoutAWordAreRemarkedOnAndProveNothing) {
    const WallTime late{1'000'000'000'000};
    const Crash silent{late, "com.a", "1.0.0", "a", "d", "score", without_a_word};
    Crash nobody = silent, crash = silent;
    nobody.instance = "";
    crash.signal = 11;
    EXPECT_EQ(judge({silent}, late).remarks.size(), 1u);
    EXPECT_TRUE(judge({silent, nobody}, late).remarks.empty()) << "the last one counts";
    EXPECT_TRUE(judge({silent}, late + std::chrono::hours(1)).remarks.empty());
    const Judgement often = judge(std::vector<Crash>(20, silent), late);
    EXPECT_EQ(often.remarks.size(), 1u);
    EXPECT_TRUE(often.quarantine.empty() && !often.safe_mode);
    EXPECT_TRUE(judge({silent, crash, silent, silent}, late).quarantine.empty()) << "one crash";
    EXPECT_EQ(judge({crash, silent, crash}, late).quarantine.size(), 1u) << "two";
    EXPECT_FALSE(judge({nobody, nobody, nobody, nobody}, late).safe_mode);
}

TEST_F(QuarantineList, OutlivesTheProcessAndEndsWithANewDigest) {
    {
        Quarantine q(path / "q.json");
        ASSERT_TRUE(q.add({"a", "com.a", "d1", "hung", now}).ok());
        ASSERT_TRUE(q.add({"b", "com.b", "d2", "hung", now}).ok());
    }
    Quarantine q(path / "q.json");
    EXPECT_EQ(q.find("a", "d1")->why, "hung");
    EXPECT_FALSE(q.find("a", "d9")) << "new bytes get a new chance";
    EXPECT_FALSE(q.find("a", "d1"));
    ASSERT_TRUE(q.lift("b").ok());
    EXPECT_FALSE(Quarantine(path / "q.json").find("b", "d2"));
}

TEST_F(QuarantineList, AFileThatCannotBeReadIsEmpty) {
    std::ofstream(path / "q.json") << "{\"items\":[{\"instance\":1},{},7";
    EXPECT_FALSE(Quarantine(path / "q.json").find("a", ""));
    std::ofstream(path / "q.json") << R"({"items":[{"instance":1},{},7]})";
    EXPECT_FALSE(Quarantine(path / "q.json").find("a", ""));
}

class HandClock final : public Clock {
public:
    WallTime wall() const override { return {0}; }
    MonoTime monotonic() const override { return {now.load()}; }
    std::atomic<uint64_t> now{1'000'000'000};
};

struct WatchdogTest : testing::Test {
    HandClock clock;
    Watchdog watchdog{clock, nullptr};
    std::shared_ptr<Pool> pool = std::make_shared<Pool>("test", 1);
    std::shared_ptr<Lane> lane = std::make_shared<Lane>(pool, 1, 4);

    std::shared_ptr<GuardedCall> running(Duration soft, Duration hard) {
        auto c = std::make_shared<GuardedCall>();
        c->started_at = clock.monotonic();
        c->beat(clock.monotonic());
        c->soft_deadline_ns = soft.count() == 0 ? UINT64_MAX : (clock.monotonic() + soft).ns;
        c->hard = hard;
        c->worker = std::make_shared<Pool::Worker>();
        c->lane = lane;
        c->phase = GuardedCall::Phase::running;
        watchdog.add(c);
        return c;
    }
    void pass(Duration d) {
        clock.now += static_cast<uint64_t>(d.count());
        watchdog.scan();
    }
};

TEST_F(WatchdogTest, SetsTheCancelFlagAtTheSoftDeadline) {
    const auto c = running(100ms, 1s);
    pass(99ms);
    EXPECT_EQ(c->cancelled, 0u);
    pass(1ms);
    EXPECT_EQ(c->cancelled, 1u);
    EXPECT_EQ(c->phase, GuardedCall::Phase::running);
}

TEST_F(WatchdogTest, PassesTheCallersWishOn) {
    const auto c = running(0ms, 1s);
    c->open_ended = true;
    std::atomic<uint32_t> wish{0};
    c->caller_cancelled = &wish;
    pass(1h);
    EXPECT_EQ(c->cancelled, 0u);
    wish = 1;
    pass(0ms);
    EXPECT_EQ(c->cancelled, 1u);
}

TEST_F(WatchdogTest, GivesACallUpAtItsHardDeadline) {
    const auto c = running(100ms, 1s);
    int given_up = 0;
    c->on_given_up = [&](const auto &) { ++given_up; };
    pass(999ms);
    EXPECT_EQ(given_up, 0);
    pass(1ms);
    EXPECT_EQ(given_up, 1);
    EXPECT_EQ(c->phase, GuardedCall::Phase::given_up);
    EXPECT_TRUE(c->worker->lost);
    EXPECT_EQ(watchdog.active(), 0u);
}

TEST_F(WatchdogTest, TimeInTheHostIsNotThePlugins) {
    const auto c = running(100ms, 1s);
    c->in_host = 1;
    pass(10s);
    EXPECT_EQ(c->phase, GuardedCall::Phase::running);
    c->in_host = 0;
    pass(0ms);
    EXPECT_EQ(c->phase, GuardedCall::Phase::given_up);
}

TEST_F(WatchdogTest, TimeThatNobodyGotIsForgiven) {
    const auto c = running(100ms, 1s);
    c->queued_at = c->started_at;
    pass(50ms);
    const MonoTime before = clock.monotonic();
    clock.now += uint64_t{3600} * 1'000'000'000;
    const auto later = running(100ms, 1s);
    watchdog.forgive(before, 1h);
    watchdog.scan();
    EXPECT_EQ(c->cancelled, 0u) << "it has 50 ms left";
    EXPECT_EQ(later->started_at, clock.monotonic()) << "it lost nothing";
    pass(60ms);
    EXPECT_EQ(c->cancelled, 1u);
    pass(1s);
    EXPECT_EQ(c->phase, GuardedCall::Phase::given_up);
}

TEST_F(WatchdogTest, AWatchHasItsHardLimitFromItsCancellation) {
    const auto c = running(0ms, 1s);
    c->open_ended = true;
    c->heartbeat = 60s;
    pass(59s);
    EXPECT_EQ(c->cancelled, 0u);
    pass(2s);
    EXPECT_EQ(c->cancelled, 1u) << "it fell silent";
    pass(900ms);
    EXPECT_EQ(c->phase, GuardedCall::Phase::running);
    pass(200ms);
    EXPECT_EQ(c->phase, GuardedCall::Phase::given_up);
}

TEST_F(WatchdogTest, ACallWhoseTurnDoesNotComeIsSkipped) {
    const auto c = running(100ms, 1s);
    c->phase = GuardedCall::Phase::queued;
    pass(100ms);
    EXPECT_EQ(c->phase, GuardedCall::Phase::skipped);
    EXPECT_EQ(watchdog.active(), 0u);
}

} // namespace
} // namespace rigger::host
