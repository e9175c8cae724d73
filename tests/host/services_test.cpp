// What a plugin gets from the host, asked for by a plugin.
#include "support.hpp"

#include "host/frontend.hpp"

namespace rigger::host::test {
namespace {
using namespace std::chrono_literals;
using testing::HasSubstr;

class Services : public testing::Test {
protected:
    void start(const std::string &more = {}) {
        host.enable("50-front.yaml", "component: com.example.all.frontend\n" + more);
        frontend = host.start().live()->frontends.at(0);
    }
    Result<std::string> ask(const std::string &what) {
        return frontend->invoke({"test", Role::operate}, {}, "show", R"({"what":")" + what + "\"}", {});
    }
    Host host;
    std::shared_ptr<Frontend> frontend;
};

TEST_F(Services, StoreKeepsAPluginsKeysUnderItsId) {
    start();
    EXPECT_EQ(*ask("store"), R"({"value":"value"})");
    EXPECT_TRUE(host.store.all().contains("com.example.all/key"));
}

TEST_F(Services, StoreIsUnsupportedWhenTheHostHasNone) {
    host.services.store = nullptr;
    start();
    EXPECT_EQ(ask("store").error().code, Code::unsupported);
}

TEST_F(Services, SecretsNeedAGrantAndAReference) {
    start("secrets: { hotkey: \"${file:/etc/x}\" }\n");
    EXPECT_EQ(*ask("secret"), R"({"value":"resolved ${file:/etc/x}"})");
    EXPECT_EQ(ask("foreign secret").error().reason, "SecretNotGranted");
}

TEST_F(Services, ASecretWithoutReferenceSaysWhatToWrite) {
    start();
    const auto answer = ask("secret");
    EXPECT_EQ(answer.error().reason, "SecretMissing");
    EXPECT_THAT(answer.error().message, HasSubstr("secrets: { hotkey:"));
}

TEST_F(Services, TimersRunOnTheHostsClockAndDieWithTheInstance) {
    start();
    ASSERT_TRUE(ask("timer").ok());
    host.registry->scan();
    EXPECT_EQ(*ask("ticks"), R"({"ticks":0,"events":0})");
    host.clock.advance(1001ms);
    EXPECT_TRUE(host.until([&] { return *ask("ticks") == R"({"ticks":1,"events":0})"; }));
    ASSERT_TRUE(ask("timer").ok());
    ASSERT_TRUE(host.registry->disable("front").ok());
    host.clock.advance(2s);
    host.registry->scan();
}

TEST_F(Services, AnInstanceMayHaveSoManyTimersAtATime) {
    start();
    EXPECT_EQ(*ask("timers 5000"), R"({"taken":4096})");
}

/// A task on the strand is allowed 50 ms of processor time.
class Tasks : public Services {
protected:
    /// Failures on the account once the task is over; meanwhile so much time has gone by on the clock.
    uint64_t failures_after(const std::string &task, Duration gone_by) {
        start();
        begin(task);
        host.clock.advance(gone_by);
        if (ends()) { // another one on the strand begins when this one is settled
            begin("busy 0");
            ends();
        }
        return host.row("front").failures;
    }

    /// What was posted to the strand before is over when this one is.
    void wait_for_the_strand() {
        begin("busy 0");
        EXPECT_TRUE(ends());
    }

    /// A task is given up, comes back, and its instance is reset.
    void hang_and_come_back() {
        begin("away 3600000");
        host.clock.advance(5s);
        EXPECT_FALSE(ends());
        host.clock.advance(1h);
        EXPECT_TRUE(host.registry->reset("front").ok());
        expect_successor_alone();
    }

    /// The task that was given up comes back, and a second instance stands in for the first: only that is left.
    void expect_successor_alone() {
        frontend = host.registry->live()->frontends.at(0);
        EXPECT_TRUE(host.until([&] { return *ask("alive") == R"({"alive":1})"; }));
    }

private:
    void begin(const std::string &task) {
        EXPECT_TRUE(ask("task " + task).ok());
        host.clock.advance(1ms);
        EXPECT_TRUE(host.until([&] { return *ask("task") != R"({"task":0})"; }));
    }
    /// false: the instance was written off instead.
    bool ends() {
        Result<std::string> said = std::string();
        EXPECT_TRUE(host.until([&] { return !(said = ask("task")).ok() || *said == R"({"task":2})"; }));
        return said.ok();
    }
};

TEST_F(Tasks, OneThatUsesMoreProcessorTimeThanItIsAllowedIsLate) {
    EXPECT_EQ(failures_after("busy 60", 0ms), 1u);
    EXPECT_THAT(host.row("front").last_error, HasSubstr("timer: DeadlineMissed: used "));
    host.clock.advance(1s);
    EXPECT_TRUE(ask("ticks").ok());
    EXPECT_EQ(host.row("front").recovered, true);
}

TEST_F(Tasks, OneThatWaitsForItsTurnOnABusyMachineIsNotLate) { EXPECT_EQ(failures_after("away 800", 800ms), 0u); }

TEST_F(Tasks, OneThatSleepsForMoreThanASecondIsLate) {
    EXPECT_EQ(failures_after("away 1500", 1500ms), 1u);
    EXPECT_THAT(host.row("front").last_error, HasSubstr("1000000 us are allowed"));
}

TEST_F(Tasks, OneThatDoesNotComeBackIsWrittenOff) {
    EXPECT_EQ(failures_after("away 3600000", 5s), 1u);
    EXPECT_TRUE(host.until([&] { return state_name(host.row("front").state) == "quarantined"; }));
    EXPECT_THAT(host.log(), HasSubstr("did not return from timer()"));
    EXPECT_TRUE(host.until([&] { return host.metrics.value("rigger_plugin_running", {{"instance", "front"}}) == 0; }));
    EXPECT_EQ(host.metrics.value("rigger_plugin_failures_total", {{"instance", "front"}}), 1);
    host.clock.advance(1h); // it looks at this clock until it comes back
    ASSERT_TRUE(host.registry->reset("front").ok());
    expect_successor_alone();
}

TEST_F(Tasks, OneThatComesBackBeforeTheResetEndsItsInstanceThen) {
    failures_after("away 3600000", 5s);
    host.clock.advance(1h);
    ASSERT_TRUE(host.registry->reset("front").ok());
    expect_successor_alone();
}

TEST_F(Tasks, OneThatComesBackAfterTheResetEndsItsInstanceByItself) {
    failures_after("away 3600000", 5s);
    ASSERT_TRUE(host.registry->reset("front").ok());
    frontend = host.registry->live()->frontends.at(0);
    EXPECT_EQ(*ask("alive"), R"({"alive":2})");
    host.clock.advance(1h);
    expect_successor_alone();
}

TEST_F(Tasks, HangsThatAreOverDoNotEndTheDaemon) {
    std::atomic<int> gave_up{0};
    host.options.give_up = [&](const std::string &) { ++gave_up; };
    start();
    for (int i = 0; i < 4; ++i) hang_and_come_back();
    EXPECT_EQ(gave_up, 0);
}

TEST_F(Tasks, ATimerThatHasFiredIsForgotten) {
    start();
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(*ask("timers 1000"), R"({"taken":1000})") << "in round " << i;
        host.clock.advance(1001ms);
        host.registry->scan();
        wait_for_the_strand();
    }
}

TEST_F(Services, EventsReachTheirSubscribersOnTheStrand) {
    start();
    ASSERT_TRUE(ask("event").ok());
    EXPECT_TRUE(host.until([&] { return *ask("ticks") == R"({"ticks":0,"events":1})"; }));
}

TEST_F(Services, HttpReachesGrantedHostsOnly) {
    start();
    EXPECT_EQ(*ask("http"), R"({"url":"https://api.example.com/v1"})");
    EXPECT_EQ(ask("foreign http").error().reason, "BadUrl") << "a user part hides the true host";
}

TEST_F(Services, HttpIsUnsupportedWithoutAClient) {
    host.services.http = nullptr;
    start();
    EXPECT_EQ(ask("http").error().code, Code::unsupported);
}

TEST_F(Services, MetricsCarryTheInstancesNameAndOneHandlePerSeries) {
    start();
    ASSERT_TRUE(ask("metric").ok());
    EXPECT_EQ(host.metrics.value("tests_total", {{"instance", "front"}}), 2);
}

TEST_F(Services, WhatTheManifestDoesNotGrantIsNotThere) {
    host.enable("10-none.yaml", "plugin: com.example.bad.none\n");
    start();
    // com.example.bad.none is granted the log and the clock alone; it runs without the others.
    EXPECT_EQ(state_name(host.row("none").state), "running");
}

} // namespace
} // namespace rigger::host::test
