// What deployments that are not settled make of time: of clocks that are set, of restarts, and of both.
#include "simulation/fixture.hpp"

namespace rigger::sim {
namespace {
using namespace std::chrono_literals;

constexpr Duration years = 24h * 4000;

/// One deployment whose instance is registered and takes its time to be verified (at most 90 min).
struct Time : OneServer {
    Time() : OneServer(5) { sim.market.verifies = false; }
    void SetUp() override {
        sim.start();
        ASSERT_NE(insist_on_deploy(sim, "a", "gpu-01"), "");
        ASSERT_TRUE(sim.run_until([&] { return registered(); }, 10min));
        sim.run(1s); // on record
    }
    bool registered() const { return is(Phase::registered); }
    void restart(Duration downtime = 0s, Duration jump = 0s) {
        sim.crash();
        sim.run(downtime);
        sim.world.wall_offset += jump;
        sim.start();
        sim.run(30s);
    }
};

TEST_F(Time, ClockSetForward_AcrossARestart_EndsNothing) {
    restart(1s, years);
    sim.run(15min);
    EXPECT_TRUE(registered());
    restart(); // nor does what the first one wrote down
    sim.run(15min);
    EXPECT_TRUE(registered());
}

TEST_F(Time, ClockSetForward_AndThenARestart_EndsNothing) {
    sim.world.wall_offset += years;
    sim.run(10min);
    EXPECT_TRUE(registered());
    restart();
    sim.run(15min);
    EXPECT_TRUE(registered());
}

TEST_F(Time, ClockSetBack_AcrossARestart_ProlongsNothing) {
    sim.run(80min);
    ASSERT_TRUE(registered());
    restart(1s, -years);
    EXPECT_TRUE(registered());
    EXPECT_TRUE(sim.run_until([&] { return !registered(); }, 15min));
}

TEST_F(Time, ClockSetBack_AndThenARestart_ProlongsNothing) {
    sim.run(40min);
    sim.world.wall_offset -= years;
    sim.run(40min);
    ASSERT_TRUE(registered());
    restart();
    EXPECT_TRUE(registered());
    EXPECT_TRUE(sim.run_until([&] { return !registered(); }, 15min));
}

TEST_F(Time, Restarts_ProlongNothing) {
    for (int i = 0; i < 8; ++i) {
        sim.run(10min);
        restart(1s);
        ASSERT_TRUE(registered());
    }
    EXPECT_TRUE(sim.run_until([&] { return !registered(); }, 15min));
}

TEST_F(Time, ADayOfDowntime_LeavesTheSourceTimeToSpeak) {
    restart(24h);
    sim.run(5min);
    EXPECT_TRUE(registered());
    EXPECT_TRUE(sim.run_until([&] { return !registered(); }, 90min));
}

TEST_F(Time, YoungDeath_IsMarked_AlthoughTheClockWasSetAcrossTheRestart) {
    restart(1s, years);
    ASSERT_TRUE(registered());
    sim.cluster.fail_pod(sim.deployment_of("a")->id.value);
    ASSERT_TRUE(sim.run_until([&] { return !sim.deployment_of("a"); }, 5min));
    EXPECT_FALSE(state().failures.empty());
}

struct Sleep : OneServer {
    Sleep() : OneServer(5) {}
    void SetUp() override { start(); }
};

TEST_F(Sleep, WhatWasInFlight_IsNotBlamedOnThePlugin) {
    sim.deploy("a", "gpu-01");
    ASSERT_TRUE(sim.run_until([&] { return !state().in_flight.empty(); }, 1min));
    sim.sleep(24h);
    sim.run(1s);
    EXPECT_FALSE(said("the plugin hangs"));
    EXPECT_TRUE(said("the daemon itself did not run"));
    EXPECT_TRUE(wait_active(sim, "a"));
    EXPECT_EQ(sim.converge(10min), "");
}

TEST_F(Sleep, DoesNotCountAgainstWhatWasBegun) {
    sim.market.down = true; // nothing can be claimed
    ASSERT_NE(insist_on_deploy(sim, "a", "gpu-01"), "");
    id = sim.deployment_of("a")->id.value;
    sim.sleep(24h);
    sim.market.down = false;
    ASSERT_TRUE(wait_active(sim, "a"));
    EXPECT_EQ(sim.deployment_of("a")->id.value, id);
    EXPECT_TRUE(state().failures.empty());
    EXPECT_TRUE(said("the machine slept"));
}

TEST_F(Sleep, RestIsNoSleep) {
    ASSERT_NE(insist_on_deploy(sim, "a", "gpu-01"), "");
    ASSERT_TRUE(wait_active(sim, "a"));
    sim.heartbeat_period = 24h * 30;
    sim.run(24h);
    EXPECT_FALSE(said("did not run"));
}

} // namespace
} // namespace rigger::sim
