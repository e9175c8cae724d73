// A server that is gone for good is taken off the record by an operator, and only one that is gone.
#include "simulation/fixture.hpp"

#include <utility>

namespace rigger::sim {
namespace {
using namespace std::chrono_literals;

struct Forget : OneServer {
    Forget() : OneServer(3) { sim.cluster.add_node({"gpu-02", "h100", 2, false}); }
    void SetUp() override {
        start_active();
        gone = server("gpu-01")->id;
    }
    /// The token of the refusal; "ok".
    std::string forget(bool force = false, bool dry_run = false) {
        const auto answer = sim.command(ForgetRequest{gone, dry_run, force});
        sim.run(2s);
        if (!answer->has_value()) return "no answer";
        return (*answer)->ok() ? "ok" : (*answer)->error().reason;
    }
    bool on_record() const { return server("gpu-01") || sim.store.servers().contains(gone); }
    ServerId gone;
};

TEST_F(Forget, ServerWhoseNodeIsSeen_IsKept) {
    EXPECT_EQ(forget(), "NodeStillSeen");
    EXPECT_EQ(forget(true), "NodeStillSeen");
    sim.cluster.set_node_ready("gpu-01", false);
    sim.run(1s);
    EXPECT_EQ(forget(true), "NodeStillSeen");
    EXPECT_TRUE(sim.deployment_of("a"));
}

TEST_F(Forget, NodeThatIsGone_GoesWhenItsDeploymentsAreConfirmedGone) {
    sim.cluster.most_termination = 100s;
    sim.cluster.remove_node("gpu-01");
    sim.run(1s);
    EXPECT_EQ(forget(), "ServerInUse");
    ASSERT_TRUE(sim.run_until([&] { return all_gone(); }, 30min));
    EXPECT_TRUE(on_record()) << "absence alone deletes no server";
    EXPECT_EQ(forget(false, true), "ok");
    EXPECT_TRUE(on_record()) << "a dry run";
    EXPECT_EQ(forget(), "ok");
    EXPECT_FALSE(on_record());
    EXPECT_TRUE(server("gpu-02"));
    EXPECT_EQ(sim.converge(10min), "");
    EXPECT_EQ(forget(), "UnknownServer");
}

TEST_F(Forget, WithForce_DeploymentsEndInOrderWhereTheirClusterCanBeAsked) {
    sim.cluster.most_termination = 100s;
    sim.cluster.remove_node("gpu-01");
    sim.run(1s);
    EXPECT_EQ(forget(true), "ok");
    EXPECT_TRUE(on_record()) << "until the last of its objects is confirmed gone";
    EXPECT_TRUE(sim.run_until([&] { return !on_record(); }, 10min));
    sim.run(1s);
    EXPECT_EQ(sim.cluster.count("Job") + sim.cluster.count("Service"), 0u);
    EXPECT_TRUE(sim.market.instances.empty());
    EXPECT_EQ(sim.converge(10min), "");
}

TEST_F(Forget, ClusterThatCannotBeSeen_NeedsTheOperatorsWord) {
    sim.cluster.remove_node("gpu-01");
    sim.run(1s);
    sim.cluster.down = true;
    sim.run(3min);
    EXPECT_EQ(forget(), "ClusterNotSeen");
    EXPECT_TRUE(on_record());
    EXPECT_EQ(forget(true), "ok");
    EXPECT_FALSE(on_record());
    EXPECT_TRUE(sim.market.instances.empty()) << "the claim is released";
    EXPECT_TRUE(sim.store.deployments().empty());
    EXPECT_EQ(sim.auditor.violation(), "");
}

TEST_F(Forget, NodeThatWasSeenBeforeItsClusterWentOutOfSight_NeedsTheOperatorsWord) {
    sim.cluster.on_change = {};
    sim.cluster.remove_node("gpu-01");
    sim.cluster.down = true;
    for (const ObjectKind kind : watched_kinds)
        sim.hear(ClusterMark{ClusterName("sim/c1"), kind, Mark::lost, "connection refused"});
    sim.run(1s);
    EXPECT_EQ(forget(), "ClusterNotSeen") << "what it showed before is no reason to look for the node there";
    EXPECT_TRUE(on_record());
    EXPECT_EQ(forget(true), "ok");
    sim.run(1min);
    EXPECT_FALSE(on_record());
    EXPECT_EQ(sim.auditor.violation(), "");
}

TEST_F(Forget, OnceBegun_IsFinishedAfterARestart) {
    sim.cluster.remove_node("gpu-01");
    sim.run(1s);
    sim.cluster.down = sim.market.down = true;
    sim.run(3min);
    EXPECT_EQ(forget(true), "ok");
    EXPECT_TRUE(on_record()) << "its claim is not released yet";
    sim.crash();
    sim.start();
    sim.run(1min);
    EXPECT_TRUE(on_record());
    sim.market.down = false;
    EXPECT_TRUE(sim.run_until([&] { return !on_record(); }, 10min));
    EXPECT_TRUE(sim.market.instances.empty());
}

TEST_F(Forget, NodeThatComesBack_IsANewServer_ThatTakesNothingWhileItsOldPodRuns) {
    sim.reconciler_ports.clear(); // they would remove the orphan
    const auto watch = std::exchange(sim.cluster.on_change, {});
    sim.cluster.down = true;
    sim.cluster.label_node("gpu-01", "chutes/worker", "false");
    sim.cluster.on_change = watch;
    sim.crash();
    sim.start();
    sim.run(3min);
    EXPECT_EQ(forget(true), "ok");
    EXPECT_FALSE(on_record());
    sim.cluster.label_node("gpu-01", "chutes/worker", "true");
    sim.cluster.down = false;
    ASSERT_TRUE(sim.run_until([&] { return server("gpu-01") && server("gpu-01")->ready; }, 10min));
    sim.run(10s);
    const auto answer = sim.deploy("a", "gpu-01");
    sim.run(1min);
    EXPECT_FALSE((*answer)->ok());
    EXPECT_EQ(sim.cluster.violation, "");
}

/// What nothing on record needs goes when its name is gone from the configuration, and not before.
struct UnusedCluster : Forget {
    void SetUp() override {
        Forget::SetUp();
        sim.undeploy(id);
        ASSERT_TRUE(sim.run_until([&] { return all_gone(); }, 10min));
    }
    void forget_all(bool force) {
        for (const char *name : {"gpu-01", "gpu-02"}) {
            gone = server(name)->id;
            EXPECT_EQ(forget(force), "ok");
        }
    }
    bool shown() const { return state().clusters.contains(ClusterName("sim/c1")); }
    void remove_from_configuration() {
        sim.cluster.called = "none";
        for (const ObjectKind kind : {ObjectKind::pod, ObjectKind::node, ObjectKind::service, ObjectKind::job})
            sim.hear(ClusterMark{ClusterName("sim/c1"), kind, Mark::lost, "the cluster is not configured any more"});
        sim.run(10s);
    }
    void lose_nodes() {
        for (const char *name : {"gpu-01", "gpu-02"}) sim.cluster.remove_node(name);
        sim.run(1s);
    }
};

TEST_F(UnusedCluster, ThatIsSeen_Stays) {
    lose_nodes();
    forget_all(false);
    sim.run(10min);
    EXPECT_TRUE(shown());
    remove_from_configuration();
    EXPECT_FALSE(shown()) << "nobody would ever take it away";
}

TEST_F(UnusedCluster, ThatIsOutOfReach_StaysInSightWhileItIsConfigured) {
    lose_nodes();
    sim.cluster.down = true;
    for (const ObjectKind kind : watched_kinds)
        sim.hear(ClusterMark{ClusterName("sim/c1"), kind, Mark::lost, "connection refused"});
    sim.run(3min);
    forget_all(true);
    sim.run(10min);
    EXPECT_TRUE(shown());
    sim.faults.effect_fails = 1;
    remove_from_configuration();
    EXPECT_TRUE(shown()) << "its backend did not answer";
    sim.faults.effect_fails = 0;
    remove_from_configuration();
    EXPECT_FALSE(shown());
}

TEST_F(UnusedCluster, WhosePluginIsNotLoaded_Goes) {
    sim.hear(BackendDetached{"sim"});
    forget_all(true);
    EXPECT_FALSE(shown());
}

} // namespace
} // namespace rigger::sim
