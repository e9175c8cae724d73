// Everything of the only deployment in a cluster was deleted by somebody while the daemon was down: it recovers by
// itself. A cluster that only hides what runs is not believed.
#include "simulation/fixture.hpp"

namespace rigger::sim {
namespace {
using namespace std::chrono_literals;

struct Missing : OneServer {
    Missing() : OneServer(13) {}
    void SetUp() override { start_active(); }
    bool lives() const { return is(Phase::active); }
};

TEST_F(Missing, WhatWasDeletedWhileTheDaemonWasDown_IsFoundOut) {
    sim.crash();
    sim.cluster.vanish_all(id);
    sim.start();
    sim.run(3min);
    EXPECT_TRUE(lives()) << "not at once";
    EXPECT_TRUE(sim.run_until([&] { return all_gone(); }, 15min));
    EXPECT_TRUE(sim.market.instances.empty());
    EXPECT_NE(insist_on_deploy(sim, "a", "gpu-01"), "");
    EXPECT_TRUE(wait_active(sim, "a"));
    EXPECT_EQ(sim.converge(10min), "");
}

TEST_F(Missing, ClusterThatHidesWhatRuns_IsNotBelieved) {
    sim.crash();
    sim.cluster.hides = true;
    sim.start();
    sim.run(45min);
    EXPECT_TRUE(lives());
    sim.cluster.hides = false;
    EXPECT_EQ(sim.converge(10min), "");
    EXPECT_TRUE(lives());
    EXPECT_EQ(sim.deployment_of("a")->id.value, id);
}

} // namespace
} // namespace rigger::sim
