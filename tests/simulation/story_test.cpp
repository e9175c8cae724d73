// One story told from its first to its last step: offer, deploy, serve, undeploy, gone.
#include "control/views/views.hpp"
#include "simulation/fixture.hpp"

#include <nlohmann/json.hpp>

namespace rigger::sim {
namespace {
using namespace std::chrono_literals;

struct Story : OneServer {
    Story() : OneServer(1) {}
    void SetUp() override { start(); }
};

TEST_F(Story, NodesOfOurs_BecomeServers_WithTheirGpus) {
    ASSERT_EQ(sim.snapshot()->servers.size(), 1u);
    const Server &server = *sim.snapshot()->servers[0];
    EXPECT_EQ(server.name, "gpu-01");
    EXPECT_EQ(server.gpus.size(), 2u);
    EXPECT_EQ(server.hourly_cost, 1.5);
    EXPECT_TRUE(server.ready);
    EXPECT_EQ(server.cpu_per_gpu, 4);
}

TEST_F(Story, Deploy_RunsThroughAllPhases_AndUndeploy_LeavesNothing) {
    const auto answer = sim.deploy("a", "gpu-01");
    ASSERT_TRUE(wait_active(sim, "a")) << sim.disagreement();
    ASSERT_TRUE(*answer && (*answer)->ok());
    const Deployment d = *sim.deployment_of("a");
    EXPECT_FALSE(d.instance.empty());
    EXPECT_NE(d.port, 0);
    EXPECT_EQ(d.host, "192.0.2.1");
    EXPECT_TRUE(d.verified_at && d.activated_at);
    sim.run(1s);
    EXPECT_EQ(sim.disagreement(), "");

    sim.undeploy(d.id.value);
    ASSERT_TRUE(sim.run_until([&] { return all_gone(); }, 10min));
    sim.run(1s);
    EXPECT_EQ(sim.cluster.count("Job") + sim.cluster.count("Pod") + sim.cluster.count("Service") +
                  sim.cluster.count("ConfigMap"),
              0u);
    EXPECT_TRUE(sim.market.instances.empty());
    EXPECT_TRUE(sim.store.deployments().empty());
    EXPECT_TRUE(sim.store.intents().empty());
    EXPECT_TRUE(sim.store.failures().empty()) << "an operator's wish is no failure";
    EXPECT_EQ(sim.disagreement(), "");
}

TEST_F(Story, Instances_AreListedTheReadyOnesFirst_ThenByNode) {
    for (const char *node : {"gpu-00", "gpu-02"}) sim.cluster.add_node({node, "h100", 2, false});
    sim.market.add_offer("b", 2, "h100");
    sim.market.add_offer("c", 2, "h100");
    sim.run(3s);
    const auto listed = [&] {
        std::vector<std::pair<std::string, bool>> rows;
        const auto answer =
            nlohmann::json::parse(views::instances({*sim.controller_view().published(), sim.world.monotonic()}, {}));
        for (const auto &row : answer["items"]) rows.emplace_back(row["nodeName"], row["ready"]);
        return rows;
    };
    using Rows = std::vector<std::pair<std::string, bool>>;
    for (const auto &[offer, node] : {std::pair("a", "gpu-02"), {"b", "gpu-01"}}) {
        ASSERT_NE(insist_on_deploy(sim, offer, node), "");
        ASSERT_TRUE(wait_active(sim, offer));
    }
    ASSERT_NE(insist_on_deploy(sim, "c", "gpu-00"), "");
    ASSERT_TRUE(sim.run_until([&] { return listed().size() == 3; }, 1min));
    EXPECT_EQ(listed(), (Rows{{"gpu-01", true}, {"gpu-02", true}, {"gpu-00", false}}));
    ASSERT_TRUE(wait_active(sim, "c"));
    EXPECT_EQ(listed(), (Rows{{"gpu-00", true}, {"gpu-01", true}, {"gpu-02", true}}));
}

TEST_F(Story, Gpus_StayTaken_UntilThePodIsGone) {
    sim.deploy("a", "gpu-01");
    ASSERT_TRUE(wait_active(sim, "a"));
    sim.cluster.most_termination = 60s;
    sim.undeploy(sim.deployment_of("a")->id.value);
    ASSERT_TRUE(sim.run_until([&] { return sim.deployment_of("a") == nullptr; }, 1min));
    while (sim.cluster.count("Pod") > 0) {
        for (const auto &[of, machine] : sim.store.servers())
            for (const Gpu &gpu : machine.gpus) ASSERT_FALSE(gpu.deployment.empty());
        sim.run(100ms);
    }
    ASSERT_TRUE(sim.run_until([&] { return all_gone(); }, 1min));
    sim.run(1s);
    EXPECT_EQ(sim.disagreement(), "");
}

TEST_F(Story, FailureMarks_AreOffTheRecord_WhenTheyHaveLapsed) {
    const auto fail = [&] {
        sim.deploy("a", "gpu-01");
        ASSERT_TRUE(wait_active(sim, "a"));
        sim.cluster.fail_pod(sim.deployment_of("a")->id.value);
        ASSERT_TRUE(sim.run_until([&] { return all_gone(); }, 10min));
        sim.run(1s);
    };
    fail();
    ASSERT_EQ(sim.store.failures().size(), 2u) << "the offer everywhere, and on this server";
    sim.run(2h);
    sim.market.add_offer("b", 2, "h100");
    sim.crash();
    sim.start();
    sim.run(3s);
    EXPECT_TRUE(sim.store.failures().empty());
    EXPECT_TRUE(state().failures.empty());
    fail();
    EXPECT_EQ(sim.store.failures().size(), 2u);
}

} // namespace
} // namespace rigger::sim
