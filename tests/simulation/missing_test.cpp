// Everything of the only deployment in a cluster was deleted by somebody while the daemon was down: it recovers by
// itself. A cluster that only hides what runs is not believed.
#include "simulation/real_reconcilers.hpp"
#include "simulation/scenarios.hpp"

#include <gtest/gtest.h>

namespace rigger::sim {
namespace {
using namespace std::chrono_literals;

struct Missing : testing::Test {
    void SetUp() override {
        sim.reconciler_ports = real_reconcilers();
        sim.market.add_offer("a", 2, "h100");
        sim.cluster.add_node({"gpu-01", "h100", 2, false});
        sim.start();
        id = insist_on_deploy(sim, "a", "gpu-01");
        ASSERT_NE(id, "");
        ASSERT_TRUE(wait_active(sim, "a"));
        sim.run(1s);
    }
    bool lives() const { return sim.deployment_of("a") && sim.deployment_of("a")->phase == Phase::active; }
    Simulator sim{13};
    std::string id;
};

TEST_F(Missing, WhatWasDeletedWhileTheDaemonWasDown_IsFoundOut) {
    sim.crash();
    sim.cluster.vanish_all(id);
    sim.start();
    sim.run(3min);
    EXPECT_TRUE(lives()) << "not at once";
    EXPECT_TRUE(sim.run_until([&] { return sim.controller_view().state().tracks.empty(); }, 15min));
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
