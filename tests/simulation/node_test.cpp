// What becomes of a server when its node changes in ways that nobody announced.
#include "control/views/views.hpp"
#include "simulation/fixture.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace rigger::sim {
namespace {
using namespace std::chrono_literals;

struct Nodes : OneServer {
    Nodes() : OneServer(11) {}
    void SetUp() override { start(); }
};

TEST_F(Nodes, NodeThatIsNoWorkerAnyMore_TakesNothingNew) {
    ASSERT_TRUE(server("gpu-01")->ready);
    sim.cluster.label_node("gpu-01", "chutes/worker", "");
    sim.run(1s);
    EXPECT_FALSE(server("gpu-01")->ready);
    sim.cluster.label_node("gpu-01", "chutes/worker", "true");
    sim.run(1s);
    EXPECT_TRUE(server("gpu-01")->ready);
}

TEST_F(Nodes, NodeSetUpAnew_UnseenByTheWatch_DoesNotLendItsReadinessToTheOldServer) {
    ASSERT_NE(insist_on_deploy(sim, "a", "gpu-01"), "");
    ASSERT_TRUE(wait_active(sim, "a"));
    const auto watch = std::exchange(sim.cluster.on_change, {});
    sim.cluster.remove_node("gpu-01");
    sim.cluster.add_node({"gpu-01", "h100", 2, false});
    sim.cluster.on_change = watch;
    sim.relist_all();
    sim.run(1s);
    ASSERT_FALSE(all_gone());
    EXPECT_FALSE(server("gpu-01")->ready);
    EXPECT_TRUE(sim.run_until([&] { return all_gone(); }, 30min));
    sim.run(1s);
    EXPECT_TRUE(server("gpu-01")->ready) << "the new node is taken in when the old deployments are gone";
}

TEST_F(Nodes, NodeWhoseGpusClash_IsStillKnownToBeDown) {
    sim.cluster.add_node({"gpu-02", "h100", 2, false});
    sim.run(1s);
    sim.cluster.declare_gpus("gpu-02", {"gpu-01gpu0", "gpu-02gpu1"});
    sim.run(1s);
    sim.cluster.set_node_ready("gpu-02", false);
    sim.run(1s);
    EXPECT_FALSE(server("gpu-02")->ready);
}

TEST_F(Nodes, APriceThatIsNone_IsSaidAndChangesNothing) {
    sim.cluster.annotate_node("gpu-01", "rigger.dev/hourly-cost", "0");
    sim.run(1s);
    EXPECT_EQ(server("gpu-01")->hourly_cost, 1.5);
    EXPECT_TRUE(said("node gpu-01: annotation rigger.dev/hourly-cost '0' is not a price"));
}

TEST_F(Nodes, APriceThatDoesNotCount_IsTold) {
    const auto told = [&] {
        views::StatusFacts facts;
        facts.cost_floor = 0.001;
        const auto status =
            nlohmann::json::parse(views::status({*sim.controller_view().published(), sim.world.monotonic()}, facts));
        EXPECT_TRUE(status["healthy"].get<bool>());
        return status["warnings"].dump();
    };
    EXPECT_EQ(told(), "[]");
    sim.cluster.annotate_node("gpu-01", "rigger.dev/hourly-cost", "0.0001");
    sim.cluster.add_node({"gpu-02", "h100", 2, false});
    sim.cluster.add_node({"gpu-03", "h100", 2, false});
    sim.run(1s);
    EXPECT_EQ(told(),
              "[\"servers that cost less than placement.cost_floor count as 0.001 USD per GPU-hour and so as the best "
              "places: gpu-01; say what they cost (annotation rigger.dev/hourly-cost; hourly_cost in a fleet "
              "file)\"]");
}

TEST_F(Nodes, StoreThatWasLost_PutsNothingOnGpusThatRunningPodsHold) {
    ASSERT_NE(insist_on_deploy(sim, "a", "gpu-01"), "");
    ASSERT_TRUE(wait_active(sim, "a"));
    sim.reconciler_ports.clear(); // what is unknown stays for the time being
    sim.crash();
    sim.store = MemoryStore();
    sim.start();
    sim.run(10s);
    ASSERT_EQ(sim.cluster.count("Pod"), 1u);

    // What keeps it so is no news: the next snapshot has the very same server.
    const SnapshotPtr before = sim.snapshot();
    ASSERT_EQ(before->servers[0]->gpus_of_others, 2);
    sim.market.add_offer("b", 1, "h100");
    sim.run(5s);
    const SnapshotPtr after = sim.snapshot();
    ASSERT_GT(after->offers.size(), before->offers.size());
    EXPECT_EQ(after->servers[0], before->servers[0]);

    const auto answer = sim.deploy("a", "gpu-01");
    sim.run(1min);
    ASSERT_TRUE(answer->has_value());
    EXPECT_FALSE((*answer)->ok()) << **(*answer);
    EXPECT_EQ(sim.cluster.violation, "");
    EXPECT_EQ(sim.cluster.count("Pod"), 1u);
}

TEST(NodesAndPlans, NodeThatGoesDownWhileAPlanIsMade_IsNotPlacedOn) {
    size_t in_time = 0;
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        Simulator sim(seed, ControlConfig{});
        sim.market.add_offer("a", 2, "h100");
        sim.cluster.add_node({"gpu-01", "h100", 2, false});
        sim.start();
        const State &state = sim.controller_view().state();
        ASSERT_TRUE(sim.run_until([&] { return state.plan.running != 0; }, 1min));
        sim.cluster.set_node_ready("gpu-01", false);
        sim.run_until([&] { return state.plan.running == 0 || !state.servers.at("gpu-01")->ready; }, 1min);
        if (state.plan.running == 0) continue;
        ++in_time;
        sim.run(5s);
        EXPECT_TRUE(state.tracks.empty()) << "seed " << seed;
    }
    EXPECT_GT(in_time, 0u);
}

} // namespace
} // namespace rigger::sim
