// One story told from its first to its last step: offer, deploy, serve, undeploy, gone.
#include "simulation/fixture.hpp"

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
