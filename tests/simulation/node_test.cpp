// What becomes of a server when its node changes in ways that nobody announced.
#include "control/views/views.hpp"
#include "simulation/fixture.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace rigger::sim {
namespace {
using namespace std::chrono_literals;
using nlohmann::json;

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

/// The machine of gpu-01 is set up anew: its node has another UID and tells only what its cluster knows by itself.
struct SetUpAnew : Nodes {
    void SetUp() override {
        Nodes::SetUp();
        old = server("gpu-01")->id;
        ASSERT_EQ(server("gpu-01")->hourly_cost, 1.5);
    }
    void set_up_anew(const std::string &model, const std::string &price) {
        const auto watch = std::exchange(sim.cluster.on_change, {});
        sim.cluster.remove_node("gpu-01");
        sim.cluster.add_node({"gpu-01", model, model.empty() ? 0 : 2, false});
        sim.cluster.annotate_node("gpu-01", "rigger.dev/hourly-cost", price);
        sim.cluster.on_change = watch;
        sim.relist_all();
        sim.run(2s);
    }
    std::string warnings() const {
        return json::parse(views::nodes({*sim.controller_view().published(), sim.world.monotonic()}, {}))["warnings"]
            .dump();
    }
    bool is_new() const { return server("gpu-01")->id != old && server("gpu-01")->ready; }
    ServerId old;
};

TEST_F(SetUpAnew, WithoutAPrice_KeepsThatOfItsName) {
    set_up_anew("h100", "");
    ASSERT_TRUE(is_new());
    EXPECT_EQ(server("gpu-01")->hourly_cost, 1.5);
    EXPECT_TRUE(said("that of the old one stays (annotation rigger.dev/hourly-cost)"));
    sim.crash();
    sim.start();
    sim.run(3s);
    EXPECT_EQ(server("gpu-01")->hourly_cost, 1.5);
}

TEST_F(SetUpAnew, WithAPrice_HasThat) {
    set_up_anew("a100", "0.9");
    ASSERT_TRUE(is_new());
    EXPECT_EQ(server("gpu-01")->hourly_cost, 0.9);
}

TEST_F(SetUpAnew, WithOtherGpus_IsTakenInWhenItsPriceIsTold) {
    set_up_anew("a100", "");
    EXPECT_EQ(server("gpu-01")->id, old);
    EXPECT_FALSE(server("gpu-01")->ready) << "nothing is placed by a price that is none";
    EXPECT_NE(warnings().find("shows a100 where the old one had h100"), std::string::npos) << warnings();
    EXPECT_NE(warnings().find("kubectl annotate --overwrite node gpu-01 rigger.dev/hourly-cost="), std::string::npos);
    sim.cluster.annotate_node("gpu-01", "rigger.dev/hourly-cost", "0.9");
    sim.run(1s);
    ASSERT_TRUE(is_new());
    EXPECT_EQ(server("gpu-01")->hourly_cost, 0.9);
    EXPECT_EQ(warnings(), "[]");
}

TEST_F(SetUpAnew, ThatShowsItsGpusLate_IsTakenInThen) {
    set_up_anew("", "");
    EXPECT_EQ(server("gpu-01")->id, old);
    EXPECT_NE(warnings().find("shows no GPUs"), std::string::npos) << warnings();
    sim.crash();
    sim.start();
    sim.run(3s);
    EXPECT_EQ(server("gpu-01")->id, old);
    set_up_anew("h100", "");
    ASSERT_TRUE(is_new());
    EXPECT_EQ(server("gpu-01")->hourly_cost, 1.5);
}

TEST_F(SetUpAnew, WhoseOldServerIsForgotten_IsTakenInAtOnce) {
    set_up_anew("a100", "");
    const auto answer = sim.command(ForgetRequest{old, false, false});
    sim.run(1s);
    ASSERT_TRUE(answer->has_value() && (*answer)->ok());
    EXPECT_TRUE(is_new());
    EXPECT_EQ(warnings(), "[]");
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
