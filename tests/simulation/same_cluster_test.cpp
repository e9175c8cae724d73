// One cluster under two names, and a cluster whose name changes: nothing that runs is lost, and nothing is there twice.
#include "control/views/cluster_views.hpp"
#include "control/views/views.hpp"
#include "simulation/fixture.hpp"

#include <nlohmann/json.hpp>

#include <functional>

namespace rigger::sim {
namespace {
using namespace std::chrono_literals;
using nlohmann::json;

struct SameClusterTest : OneServer {
    SameClusterTest() : OneServer(19) {}
    void SetUp() override { start_active(); }

    /// All that the cluster shows, under this name too, as a second watch would deliver it.
    void shown_as(const std::string &name) {
        const ClusterName cluster("sim/" + name);
        for (const ObjectKind kind : watched_kinds) {
            sim.hear(ClusterMark{cluster, kind, Mark::begin, ""});
            for (const std::string &document : sim.cluster.documents(kind))
                sim.hear(ObjectPut{cluster, Simulator::view_of(kind, document), true});
            sim.hear(ClusterMark{cluster, kind, Mark::complete, ""});
        }
    }
    void heartbeats_of(const std::string &name, Duration span) {
        for (Duration t{}; t < span; t += 15s) {
            for (const ObjectKind kind : watched_kinds)
                sim.hear(ClusterMark{ClusterName("sim/" + name), kind, Mark::fresh, ""});
            sim.run(15s);
        }
    }
    json status() const {
        return json::parse(views::status({*sim.controller_view().published(), sim.world.monotonic()}, {}));
    }
    std::string cluster_of_server() const { return server("gpu-01")->cluster.value; }
    std::string cluster_of_deployment() const {
        return sim.deployment_of("a") ? sim.deployment_of("a")->cluster.value : "";
    }
    bool lives() const { return is(Phase::active) && sim.deployment_of("a")->id.value == id; }
};

TEST_F(SameClusterTest, SecondName_IsRefused_AndTheFirstStands) {
    for (int i = 0; i < 3; ++i) {
        shown_as("c2");
        heartbeats_of("c2", 1min);
        EXPECT_EQ(cluster_of_server(), "sim/c1");
        EXPECT_TRUE(server("gpu-01")->ready);
        EXPECT_TRUE(lives());
        EXPECT_EQ(cluster_of_deployment(), "sim/c1");
    }
    EXPECT_TRUE(said("both names are of one cluster"));
    EXPECT_NE(status()["warnings"].dump().find("cluster sim/c2 is cluster sim/c1 by another name"), std::string::npos);
    EXPECT_FALSE(status()["healthy"].get<bool>());
    const json rows = json::parse(views::clusters({*sim.controller_view().published(), sim.world.monotonic()}));
    ASSERT_EQ(rows["items"].size(), 2u);
    EXPECT_NE(rows["items"][1]["lastError"].dump().find("is ignored"), std::string::npos) << rows.dump(1);
    EXPECT_EQ(rows["items"][1]["recovered"], false);
}

TEST_F(SameClusterTest, SecondName_IsAFindingOfTheDoctor) {
    shown_as("c2");
    sim.run(1s);
    sim.cluster.called = "c2"; // whose row its diagnosis has
    std::string answer;
    const Status told =
        views::diagnosis(*sim.controller_view().published()->status, sim, {}, {}, [&](std::string_view s) {
            answer += s;
            return Status();
        });
    ASSERT_TRUE(told.ok());
    const json check = json::parse(answer)["clusters"][0]["checks"].back();
    EXPECT_EQ(check["ok"], false) << answer;
    EXPECT_NE(check["detail"].dump().find("sim/c1"), std::string::npos);
    EXPECT_NE(check["remedy"].dump().find("context c2"), std::string::npos);
}

TEST_F(SameClusterTest, FirstName_StandsWhileItIsOnlyOutOfReach) {
    sim.cluster.down = true;
    for (const ObjectKind kind : watched_kinds)
        sim.hear(ClusterMark{ClusterName("sim/c1"), kind, Mark::lost, "connection refused"});
    shown_as("c2");
    heartbeats_of("c2", 5min);
    EXPECT_EQ(cluster_of_server(), "sim/c1");
    EXPECT_TRUE(lives());
}

TEST_F(SameClusterTest, FirstName_StandsAfterARestart_WhicheverIsHeardFirst) {
    sim.crash();
    sim.start();
    shown_as("c2"); // before the first word of c1
    EXPECT_EQ(cluster_of_server(), "sim/c1");
    sim.run(10s);
    heartbeats_of("c2", 5min);
    EXPECT_EQ(cluster_of_server(), "sim/c1");
    EXPECT_TRUE(server("gpu-01")->ready);
    EXPECT_TRUE(lives());
}

TEST_F(SameClusterTest, NameThatChangesWhileTheDaemonRuns_MovesWhatRunsThere) {
    sim.rename_cluster("c2");
    sim.run(1min);
    EXPECT_EQ(cluster_of_server(), "sim/c2");
    EXPECT_EQ(cluster_of_deployment(), "sim/c2");
    EXPECT_TRUE(server("gpu-01")->ready);
    EXPECT_TRUE(lives());
    EXPECT_FALSE(state().clusters.contains(ClusterName("sim/c1"))) << "nobody knows that name any more";
    sim.hear(ClusterMark{ClusterName("sim/c1"), ObjectKind::pod, Mark::lost, "the cluster is not configured any more"});
    sim.run(1s);
    EXPECT_FALSE(state().clusters.contains(ClusterName("sim/c1"))) << "a watch that tells so last brings it back";
    EXPECT_TRUE(status()["healthy"].get<bool>()) << status()["warnings"];
    sim.undeploy(id);
    EXPECT_TRUE(sim.run_until([&] { return all_gone(); }, 10min));
    EXPECT_EQ(sim.cluster.count("Job") + sim.cluster.count("Pod"), 0u);
}

TEST_F(SameClusterTest, NameThatChangesWhileTheDaemonIsDown_MovesWhatRunsThere) {
    sim.crash();
    sim.cluster.called = "c2";
    sim.start();
    sim.run(1min);
    EXPECT_EQ(cluster_of_server(), "sim/c2");
    EXPECT_TRUE(lives());
    EXPECT_TRUE(server("gpu-01")->ready);
    EXPECT_EQ(sim.converge(10min), "");
    sim.crash(); // and it is on record
    sim.start();
    sim.run(1min);
    EXPECT_EQ(cluster_of_server(), "sim/c2");
    EXPECT_EQ(cluster_of_deployment(), "sim/c2");
    EXPECT_TRUE(lives());
}

/// The cluster changes its name at many moments of a deployment's beginning and end.
void change_name_meanwhile(uint64_t seed, const std::function<void(Simulator &)> &change_name) {
    for (int delay = 0; delay < 40; ++delay) {
        SCOPED_TRACE(delay);
        Simulator other(seed + static_cast<uint64_t>(delay));
        other.reconciler_ports = real_reconcilers();
        other.market.add_offer("a", 2, "h100");
        other.cluster.add_node({"gpu-01", "h100", 2, false});
        other.start();
        other.run(3s);
        other.deploy("a", "gpu-01");
        const bool ends = delay % 2 != 0;
        if (ends) {
            wait_active(other, "a");
            other.undeploy(other.deployment_of("a")->id.value);
        }
        other.run(delay * 50ms);
        change_name(other);
        if (ends) {
            EXPECT_TRUE(other.run_until([&] { return other.controller_view().state().tracks.empty(); }, 10min));
            EXPECT_EQ(other.cluster.count("Job"), 0u);
        } else {
            EXPECT_TRUE(wait_active(other, "a"));
            EXPECT_TRUE(other.controller_view().state().failures.empty());
        }
        EXPECT_EQ(other.converge(10min), "");
    }
}

TEST_F(SameClusterTest, NameThatChangesWhileADeploymentIsMadeOrEnds_CostsNothing) {
    change_name_meanwhile(100, [](Simulator &other) { other.rename_cluster("c2"); });
}

TEST_F(SameClusterTest, InstanceThatIsRenamedWhileTheDaemonRuns_MovesWhatRunsThere) {
    sim.rename_backend("other");
    EXPECT_TRUE(lives());
    sim.run(1min);
    EXPECT_EQ(cluster_of_server(), "other/c1");
    EXPECT_EQ(cluster_of_deployment(), "other/c1");
    EXPECT_TRUE(server("gpu-01")->ready);
    EXPECT_TRUE(lives());
    EXPECT_FALSE(state().clusters.contains(ClusterName("sim/c1"))) << "nobody speaks for that name any more";
    EXPECT_TRUE(status()["healthy"].get<bool>()) << status()["warnings"];
    sim.undeploy(id);
    EXPECT_TRUE(sim.run_until([&] { return all_gone(); }, 10min));
    EXPECT_EQ(sim.cluster.count("Job") + sim.cluster.count("Pod"), 0u);
}

TEST_F(SameClusterTest, InstanceThatIsRenamedWhileTheDaemonIsDown_MovesWhatRunsThere) {
    sim.crash();
    sim.rename_backend("other");
    sim.start();
    sim.run(1min);
    EXPECT_EQ(cluster_of_deployment(), "other/c1");
    EXPECT_TRUE(lives());
    EXPECT_TRUE(server("gpu-01")->ready);
    EXPECT_EQ(sim.converge(10min), "");
}

TEST_F(SameClusterTest, NewNameThatListedNothingAtFirst_EndsNothing) {
    sim.cluster.listings_empty = sim.cluster_empty = true;
    sim.rename_backend("other");
    sim.run(30s);
    sim.cluster.set_node_ready("gpu-01", false);
    sim.cluster.set_node_ready("gpu-01", true); // the watch has the node, and nothing of what runs there
    ASSERT_TRUE(sim.run_until([&] { return cluster_of_deployment() == "other/c1"; }, 2min));
    sim.run(10min);
    EXPECT_TRUE(lives());
    sim.cluster.listings_empty = sim.cluster_empty = false;
    sim.run(10min);
    EXPECT_TRUE(lives());
    EXPECT_TRUE(status()["healthy"].get<bool>()) << status()["warnings"];
}

TEST_F(SameClusterTest, InstanceThatIsOnlyReloaded_KeepsWhatRunsThere) {
    sim.hear(BackendAttached{"other"});
    const ClusterName second("other/c1");
    sim.hear(BackendDetached{"sim"});
    for (const ObjectKind kind : watched_kinds) {
        sim.hear(ClusterMark{second, kind, Mark::begin, ""});
        for (const std::string &document : sim.cluster.documents(kind))
            sim.hear(ObjectPut{second, Simulator::view_of(kind, document), true});
        sim.hear(ClusterMark{second, kind, Mark::complete, ""});
    }
    sim.run(5s);
    sim.hear(BackendAttached{"sim"});
    sim.relist_all();
    sim.run(1s);
    for (int i = 0; i < 20; ++i) {
        for (const ObjectKind kind : watched_kinds) sim.hear(ClusterMark{second, kind, Mark::fresh, ""});
        sim.run(15s);
    }
    EXPECT_EQ(cluster_of_server(), "sim/c1");
    EXPECT_TRUE(lives());
}

TEST_F(SameClusterTest, InstanceThatIsRenamedWhileADeploymentIsMadeOrEnds_CostsNothing) {
    change_name_meanwhile(200, [](Simulator &other) { other.rename_backend("other"); });
}

/// c1's name goes to a cluster with a node, a job, a pod and a service of its own, and the old one is c2.
struct ExchangedNames : SameClusterTest {
    void exchange() {
        const ClusterName first("sim/c1");
        NodeView node;
        node.name = "gpu-09";
        node.uid = "uid-gpu-09";
        node.labels = R"({"chutes/worker":"true"})";
        sim.hear(ClusterMark{first, ObjectKind::node, Mark::begin, ""});
        sim.hear(ObjectPut{first, std::make_shared<const NodeView>(node), true});
        sim.hear(ClusterMark{first, ObjectKind::node, Mark::complete, ""});
        put(first, ObjectKind::pod, PodView{});
        put(first, ObjectKind::job, JobView{});
        put(first, ObjectKind::service, ServiceView{});
        sim.cluster.called = "c2";
        sim.relist_all();
    }
    template <typename V> void put(const ClusterName &cluster, ObjectKind kind, V view) {
        view.namespace_name = "chutes";
        view.name = view.uid = "somebody-elses";
        sim.hear(ClusterMark{cluster, kind, Mark::begin, ""});
        sim.hear(ObjectPut{cluster, std::make_shared<const V>(std::move(view)), true});
        sim.hear(ClusterMark{cluster, kind, Mark::complete, ""});
    }
};

TEST_F(ExchangedNames, KeepWhatRunsThere) {
    exchange();
    heartbeats_of("c1", 5min);
    EXPECT_TRUE(lives());
    EXPECT_EQ(cluster_of_server(), "sim/c2");
    EXPECT_EQ(cluster_of_deployment(), "sim/c2");
    EXPECT_TRUE(server("gpu-01")->ready);
}

TEST_F(ExchangedNames, EndWhatEndsThere_AndHoldItsGpusUntilItIsGone) {
    sim.cluster.most_termination = 60s;
    sim.undeploy(id);
    sim.run(1s);
    exchange();
    while (sim.cluster.count("Pod") > 0) {
        for (const auto &[of, s] : sim.store.servers())
            for (const Gpu &gpu : s.gpus) ASSERT_FALSE(gpu.deployment.empty());
        heartbeats_of("c1", 15s);
    }
    for (int i = 0; i < 40 && !all_gone(); ++i) heartbeats_of("c1", 15s);
    EXPECT_TRUE(all_gone());
    EXPECT_EQ(sim.cluster.count("Job") + sim.cluster.count("Service"), 0u);
}

TEST_F(SameClusterTest, NodeThatIsDeleted_IsNotTakenForOneThatMoved) {
    shown_as("c2");
    sim.cluster.remove_node("gpu-01");
    sim.run(1s);
    EXPECT_EQ(cluster_of_server(), "sim/c1");
    NodeView node;
    node.name = "gpu-01";
    node.uid = server("gpu-01")->id.value;
    sim.hear(ObjectGone{ClusterName("sim/c2"), ObjectKind::node, "", node.name, node.uid});
    heartbeats_of("c2", 5min);
    EXPECT_EQ(cluster_of_server(), "sim/c1");
}

} // namespace
} // namespace rigger::sim
