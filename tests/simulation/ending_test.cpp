// A deployment that is ended right after the daemon died while it was being made: what was on its way is waited for,
// and no longer than that.
#include "simulation/scenarios.hpp"

#include <gtest/gtest.h>

namespace rigger::sim {
namespace {
using namespace std::chrono_literals;

struct Ended {
    std::string died; ///< at what
    Duration took{};  ///< from the wish to the end of the last record
    size_t left = 0;  ///< objects and claims that nobody takes away any more
};

/// Nobody repairs anything here: what is left behind stays.
Ended end_after(uint64_t boundary, bool calls_land) {
    Simulator sim(9);
    sim.reconciler_ports.clear();
    sim.cluster.most_termination = 1s;
    sim.market.add_offer("a", 2, "h100");
    sim.cluster.add_node({"gpu-01", "h100", 2, false});
    sim.death = Death{boundary, calls_land};
    sim.start();
    sim.run_until([&] { return sim.running() && !sim.snapshot()->servers.empty() && !sim.snapshot()->offers.empty(); },
                  1min);
    sim.run(1s);
    sim.deploy("a", "gpu-01");
    sim.run_until([&] { return !sim.died.empty() && sim.running(); }, 5min);
    Ended ended{sim.died, {}, 0};
    if (!sim.deployment_of("a")) return ended;
    const MonoTime wished = sim.world.monotonic();
    sim.undeploy(sim.deployment_of("a")->id.value);
    sim.run_until([&] { return sim.controller_view().state().tracks.empty(); }, 10min);
    ended.took = sim.world.monotonic() - wished;
    sim.run(3min);
    ended.left = sim.cluster.count("Job") + sim.cluster.count("Pod") + sim.cluster.count("Service") +
                 sim.cluster.count("ConfigMap") + sim.market.grants.size() + sim.market.instances.size();
    return ended;
}

TEST(Ending, AfterADeathAtAnyBoundary_LeavesNothing) {
    for (uint64_t boundary = 1; boundary <= 60; ++boundary)
        for (const bool land : {false, true}) {
            const Ended ended = end_after(boundary, land);
            EXPECT_EQ(ended.left, 0u) << boundary << " " << land << " " << ended.died;
            EXPECT_LT(ended.took, 2min) << boundary << " " << land << " " << ended.died;
        }
}

TEST(Ending, WaitsForNoObjectThatIsSeen) {
    size_t seen = 0;
    for (uint64_t boundary = 1; boundary <= 60; ++boundary)
        if (const Ended ended = end_after(boundary, true); ended.died == "after apply") {
            ++seen;
            EXPECT_LT(ended.took, 15s) << boundary;
        }
    EXPECT_EQ(seen, 3u) << "a ConfigMap, a Service and a Job";
}

/// Starts the world with one deployment, whose id it answers once that is active; empty: it did not come to be.
std::string active(Simulator &sim) {
    sim.market.add_offer("a", 2, "h100");
    sim.cluster.add_node({"gpu-01", "h100", 2, false});
    sim.start();
    const std::string id = insist_on_deploy(sim, "a", "gpu-01");
    return wait_active(sim, "a") ? id : "";
}

TEST(Ending, ThatDoesNotComeToAnEnd_SaysWhatItWaitsFor) {
    Simulator sim(9);
    sim.cluster.most_termination = 24h * 365;
    const std::string id = active(sim);
    ASSERT_NE(id, "");
    sim.undeploy(id);
    const auto says = [&] { return sim.controller_view().state().tracks.begin()->second.last_error; };
    sim.run(2min);
    EXPECT_EQ(says(), "") << "within its grace period";
    sim.run(5min);
    EXPECT_NE(says().find("Pod chute-" + id + "-pod does not go away"), std::string::npos) << says();
    sim.cluster.set_node_ready("gpu-01", false);
    sim.run(1min);
    EXPECT_NE(says().find("kubectl delete node gpu-01"), std::string::npos) << says();
}

/// An error that nobody understands is final when it comes again and again, not when it comes after an outage.
TEST(Ending, AfterAnOutageOfTheMarket_GivesNoClaimUpForOneOddAnswer) {
    Simulator sim(9);
    sim.reconciler_ports.clear();
    const std::string id = active(sim);
    ASSERT_NE(id, "");
    sim.undeploy(id);
    sim.market.down = true;
    sim.run(10min);
    sim.market.down = false;
    sim.market.odd_answers = 3;
    ASSERT_TRUE(sim.run_until([&] { return sim.controller_view().state().tracks.empty(); }, 10min));
    EXPECT_EQ(sim.market.grants.size() + sim.market.instances.size(), 0u);
}

/// Its pod is gone and the cluster lists nothing; but the watch still has the Service.
TEST(Ending, IsNotOverByAnEmptyAnswer_WhileAWatchShowsAnyOfIt) {
    Simulator sim(9);
    sim.reconciler_ports.clear();
    const std::string id = active(sim);
    ASSERT_NE(id, "");
    sim.cluster.vanish(id);
    sim.run(1s);
    sim.cluster.listings_empty = true;
    sim.undeploy(id);
    sim.run(1min);
    EXPECT_EQ(sim.controller_view().state().tracks.size(), 1u);
    sim.cluster.listings_empty = false;
    ASSERT_TRUE(sim.run_until([&] { return sim.controller_view().state().tracks.empty(); }, 10min));
    EXPECT_EQ(sim.cluster.count("Service") + sim.cluster.count("ConfigMap"), 0u);
}

TEST(Beginning, AfterAnOutageOfTheMarket_IsNotGivenUpForOneOddAnswer) {
    Simulator sim(9);
    sim.market.add_offer("a", 2, "h100");
    sim.cluster.add_node({"gpu-01", "h100", 2, false});
    sim.start();
    sim.run(5s);
    sim.market.down = true;
    sim.deploy("a", "gpu-01");
    sim.run(10min);
    sim.market.down = false;
    sim.market.odd_answers = 3;
    EXPECT_TRUE(wait_active(sim, "a"));
    EXPECT_TRUE(sim.controller_view().state().failures.empty());
}

} // namespace
} // namespace rigger::sim
