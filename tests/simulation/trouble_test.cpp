// One trouble each: nothing that should live is ended, the condition shows in status and metrics, and it passes by
// itself.
#include "control/views/views.hpp"
#include "simulation/real_reconcilers.hpp"
#include "simulation/scenarios.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rigger::sim {
namespace {
using namespace std::chrono_literals;
using nlohmann::json;

/// A fleet that runs: three offers on three servers. Once with the reconcilers that are shipped and once with one that
/// knows no caution.
struct Trouble : testing::TestWithParam<bool> {
    void SetUp() override {
        if (!GetParam()) sim.reconciler_ports = real_reconcilers();
        for (const char *offer : {"a", "b", "c"}) sim.market.add_offer(offer, 2, "h100");
        for (const char *node : {"gpu-01", "gpu-02", "gpu-03"}) sim.cluster.add_node({node, "h100", 2, false});
        sim.start();
        for (int i = 0; i < 3; ++i) insist_on_deploy(sim, std::string(1, "abc"[i]), "gpu-0" + std::to_string(i + 1));
        ASSERT_EQ(sim.converge(10min), "");
        at_first = ids();
        ASSERT_EQ(at_first.size(), 3u);
    }
    std::set<std::string> ids() const {
        std::set<std::string> all;
        for (const auto &d : sim.live()) all.insert(d->id.value);
        return all;
    }
    json status() const {
        return json::parse(views::status({*sim.controller_view().published(), sim.world.monotonic()}, {}));
    }
    std::string warnings() const { return status()["warnings"].dump(); }
    /// The trouble lasts, shows, ends, and nothing was lost.
    void expect_to_pass(Duration span, const std::string &shown) {
        sim.run(span);
        EXPECT_EQ(ids(), at_first) << "while it lasts";
        EXPECT_NE(status().dump().find(shown), std::string::npos) << status().dump(1);
        EXPECT_FALSE(status()["healthy"].get<bool>());
        EXPECT_EQ(sim.converge(30min), "") << "after it";
        EXPECT_EQ(ids(), at_first) << "after it";
        EXPECT_EQ(sim.auditor.ended_by_passes, 0u);
        EXPECT_TRUE(status()["healthy"].get<bool>()) << warnings();
    }
    Simulator sim{7};
    std::set<std::string> at_first;
};

TEST_P(Trouble, EmptyMarket) {
    sim.market_empty = true;
    sim.relist_all();
    expect_to_pass(45min, "came back empty");
}

TEST_P(Trouble, EmptyMarket_AcrossARestart) {
    sim.market_empty = true;
    sim.crash();
    sim.start();
    expect_to_pass(45min, "came back empty");
}

TEST_P(Trouble, MarketListingThatIsCut) {
    sim.market_cut = true;
    sim.relist_all();
    expect_to_pass(45min, "stream ended early");
}

TEST_P(Trouble, MarketOutage) {
    sim.market.down = true;
    expect_to_pass(45min, "old");
}

TEST_P(Trouble, EmptyClusterListing) {
    sim.cluster_empty = sim.cluster.listings_empty = true;
    sim.relist_all();
    sim.run(10s);
    EXPECT_EQ(sim.metrics.value("rigger_view_complete", {{"view", "sim/c1/pods"}}), 0);
    expect_to_pass(45min, "came back empty");
    EXPECT_EQ(sim.metrics.value("rigger_view_complete", {{"view", "sim/c1/pods"}}), 1);
}

TEST_P(Trouble, EmptyClusterListing_IsNotBelieved_BecauseAForcedRecycleIsTriedDry) {
    sim.cluster_empty = sim.cluster.listings_empty = true;
    sim.relist_all();
    sim.run(10s);
    const auto answer = sim.command(RecycleRequest{true, true});
    ASSERT_TRUE(sim.run_until([&] { return answer->has_value(); }, 5min));
    EXPECT_TRUE((*answer)->ok());
    expect_to_pass(45min, "came back empty");
}

TEST_P(Trouble, EmptyClusterListing_AcrossARestart) {
    sim.cluster_empty = sim.cluster.listings_empty = true;
    sim.crash();
    sim.start();
    expect_to_pass(45min, "came back empty");
}

TEST_P(Trouble, ClusterOutage) {
    sim.cluster.down = true;
    expect_to_pass(45min, "old");
}

TEST_P(Trouble, StoreThatCannotBeWritten) {
    sim.store.failing = true;
    const auto refused = sim.undeploy(*at_first.begin()); // something to write, so that it is noticed
    sim.run(10min);
    EXPECT_EQ(sim.metrics.value("rigger_store_failing"), 1);
    EXPECT_FALSE(status()["store"]["ok"].get<bool>());
    EXPECT_NE(status()["store"]["error"].dump().find("no space left"), std::string::npos);
    EXPECT_EQ(sim.cluster.count("Job"), 3u) << "nothing leaves before it is written";
    const auto answer = sim.undeploy(*at_first.rbegin());
    sim.run(1s);
    ASSERT_TRUE(*answer) << "a command that cannot be done is refused at once";
    EXPECT_EQ((*answer)->error().reason, "StoreFailing");
    EXPECT_EQ(sim.converge(30min), "");
    EXPECT_EQ(ids().size(), 2u) << "what was decided before it failed is done when it can be, what was refused is not";
    EXPECT_EQ(sim.metrics.value("rigger_store_failing"), 0);
}

TEST_P(Trouble, StoreThatFails_WhileADeploymentBegins_LeavesNothingBehindWhenItIsUndone) {
    sim.cluster.add_node({"gpu-04", "h100", 2, false});
    sim.market.add_offer("d", 2, "h100");
    sim.run(10s);
    sim.deploy("d", "gpu-04");
    sim.run_until([&] { return sim.deployment_of("d") && sim.deployment_of("d")->phase == Phase::claimed; }, 1min);
    const std::string id = sim.deployment_of("d")->id.value;
    sim.store.failing = true; // its next call waits for the store longer than the loop waits for the call
    sim.run(20min);
    sim.store.failing = false;
    sim.run(2s);
    sim.undeploy(id);
    EXPECT_EQ(sim.converge(30min), "");
    EXPECT_EQ(ids(), at_first);
    EXPECT_EQ(sim.auditor.objects_removed_as_orphans, 0u);
}

TEST_P(Trouble, ClockThatJumps) {
    for (const Duration jump : {Duration(24h), Duration(-72h), Duration(24h * 4000), Duration(-24h * 4000)}) {
        sim.world.wall_offset += jump;
        sim.run(20min);
        EXPECT_EQ(ids(), at_first);
    }
    EXPECT_EQ(sim.converge(10min), "");
    EXPECT_EQ(sim.auditor.ended_by_passes, 0u);
}

TEST_P(Trouble, ClockThatJumps_AcrossARestart) {
    for (const Duration jump : {Duration(24h * 4000), Duration(-24h * 8000)}) {
        sim.crash();
        sim.world.wall_offset += jump;
        sim.start();
        sim.run(20min);
        EXPECT_EQ(ids(), at_first);
    }
    EXPECT_EQ(sim.converge(10min), "");
}

TEST_P(Trouble, ReconcilerThatHangs) {
    sim.passes_hang = true;
    expect_to_pass(45min, "the plugin hangs");
}

TEST_P(Trouble, SourceThatHangs_HoldsUpItsDeploymentOnly) {
    sim.cluster.add_node({"gpu-04", "h100", 2, false});
    sim.market.add_offer("d", 2, "h100");
    sim.run(10s);
    sim.faults.effect_hangs = 1;
    sim.deploy("d", "gpu-04");
    sim.run(10min);
    EXPECT_NE(status().dump().find("the plugin hangs"), std::string::npos);
    EXPECT_GT(status()["queues"]["writtenOff"].get<int>(), 0);
    EXPECT_EQ(sim.converge(30min), "");
    EXPECT_EQ(ids().size(), 4u);
}

TEST_P(Trouble, LateCalls_DoNotOutliveTheirDeployment) {
    sim.cluster.add_node({"gpu-04", "h100", 2, false});
    sim.market.add_offer("d", 2, "h100");
    sim.run(10s);
    for (int round = 0; round < 20; ++round) {
        sim.faults.effect_unknown = 0.5;
        insist_on_deploy(sim, "d", "gpu-04");
        sim.run(sim.world.between(1s, 2min));
        insist_on_undeploy(sim, "d");
        sim.faults.effect_unknown = 0;
        sim.run_until([&] { return ids() == at_first && sim.controller_view().state().tracks.size() == 3; }, 30min);
    }
    EXPECT_EQ(sim.converge(30min), "");
    EXPECT_EQ(sim.auditor.objects_removed_as_orphans, 0u);
}

TEST_P(Trouble, NodeSetUpAnew_IsTakenIn_WhenTheOldDeploymentsAreGone) {
    sim.cluster.remove_node("gpu-01");
    sim.cluster.add_node({"gpu-01", "h100", 2, false});
    EXPECT_EQ(sim.converge(30min), "");
    ASSERT_TRUE(sim.run_until([&] { return sim.snapshot()->servers.front()->ready; }, 1min));
    EXPECT_NE(insist_on_deploy(sim, "a", "gpu-01"), "");
    EXPECT_TRUE(wait_active(sim, "a"));
}

INSTANTIATE_TEST_SUITE_P(Reconcilers, Trouble, testing::Values(false, true),
                         [](const auto &blunt) { return blunt.param ? "Blunt" : "Shipped"; });

} // namespace
} // namespace rigger::sim
