// Interleavings that tempt the safety rules: late words, words about another cluster, and what is removed in silence.
#include "simulation/fixture.hpp"

#include <nlohmann/json.hpp>

namespace rigger::sim {
namespace {
using namespace std::chrono_literals;
using nlohmann::json;

struct Safety : OneServer {
    Safety() : OneServer(31) {}
    void SetUp() override { start_active(); }

    bool lives() const { return is(Phase::active) && sim.deployment_of("a")->id.value == id; }
    std::vector<json> journalled(const std::string &type) const {
        std::vector<json> all;
        for (const JournalEntry &entry : sim.store.entries())
            if (entry.type == type) all.push_back(json::parse(entry.document));
        return all;
    }
    void event(const std::string &type, const std::string &instance) {
        sim.hear(
            SourceEvent{SourceName("sim"), "late-" + std::to_string(++events),
                        json{{"type", type}, {"data", {{"instance_id", instance}, {"config_id", config()}}}}.dump()});
    }
    std::string config() const { return sim.deployment_of("a") ? sim.deployment_of("a")->config_id : ""; }
    int events = 0;
};

/// Its watches lose sight of its job and its pod, or have them again.
void look_away(Simulator &sim, const std::string &id, bool away) {
    const ClusterName cluster("sim/c1");
    for (const ObjectKind kind : {ObjectKind::job, ObjectKind::pod})
        for (const std::string &document : sim.cluster.documents(kind)) {
            const auto meta = project_meta(document);
            if (meta->deployment.value != id) continue;
            if (away) sim.hear(ObjectGone{cluster, kind, meta->namespace_name, meta->name, meta->uid});
            else sim.hear(ObjectPut{cluster, Simulator::view_of(kind, document), false});
        }
}

TEST(SafetyOfPasses, WhatComesBackWhileAPassRuns_IsNotCondemnedByIt) {
    size_t in_time = 0;
    for (int at_pass = 1; at_pass <= 12; ++at_pass) {
        Simulator sim(37);
        sim.reconciler_ports = real_reconcilers();
        sim.market.add_offer("a", 2, "h100");
        sim.cluster.add_node({"gpu-01", "h100", 2, false});
        sim.start();
        const std::string id = insist_on_deploy(sim, "a", "gpu-01");
        ASSERT_TRUE(wait_active(sim, "a"));
        sim.run(3min);
        const State &state = sim.controller_view().state();
        look_away(sim, id, true);
        for (int pass = 1; pass <= at_pass && sim.deployment_of("a"); ++pass) {
            ASSERT_TRUE(sim.run_until([&] { return state.reconcile.running != 0; }, 5min));
            if (pass == at_pass) look_away(sim, id, false);
            ASSERT_TRUE(sim.run_until([&] { return state.reconcile.running == 0; }, 5min));
            if (pass < at_pass) continue;
            ++in_time;
            EXPECT_TRUE(sim.deployment_of("a")) << "pass " << at_pass;
        }
    }
    EXPECT_GE(in_time, 2u);
}

TEST_F(Safety, ObjectsOfAnotherCluster_WithItsLabel_SayNothingOfIt) {
    sim.run(2min);
    const ClusterName other("sim/c9");
    PodView pod;
    pod.namespace_name = "chutes";
    pod.name = pod.uid = "copy";
    pod.deployment = DeploymentId(id);
    pod.phase = "Failed";
    JobView job;
    job.namespace_name = "chutes";
    job.name = job.uid = "copy";
    job.deployment = DeploymentId(id);
    job.failed = 1;
    for (const ObjectKind kind : watched_kinds) {
        sim.hear(ClusterMark{other, kind, Mark::begin, ""});
        if (kind == ObjectKind::pod) sim.hear(ObjectPut{other, std::make_shared<const PodView>(pod), true});
        if (kind == ObjectKind::job) sim.hear(ObjectPut{other, std::make_shared<const JobView>(job), true});
        sim.hear(ClusterMark{other, kind, Mark::complete, ""});
    }
    sim.run(10min);
    EXPECT_TRUE(lives());
}

TEST_F(Safety, OlderInstanceOfTheSameGrant_HeardOfLate_TakesNothingWithItWhenItGoes) {
    const std::string newer = sim.deployment_of("a")->instance.value;
    event("instance_created", "older");
    event("instance_deleted", "older");
    ASSERT_TRUE(lives());
    EXPECT_EQ(sim.deployment_of("a")->instance.value, newer);
    event("instance_deleted", newer);
    EXPECT_FALSE(sim.deployment_of("a"));
}

TEST_F(Safety, OlderInstanceThatIsDeletedFirst_EndsNothing) {
    event("instance_created", "newer");
    event("instance_deleted", sim.market.instances.at(id).id.value);
    EXPECT_TRUE(lives());
    EXPECT_EQ(sim.deployment_of("a")->instance.value, "newer");
}

TEST_F(Safety, ServerWhoseNodeWasReplaced_LeavesTheRecordWithAReason_AndKeepsItsLock) {
    insist_on_undeploy(sim, "a");
    ASSERT_TRUE(sim.run_until([&] { return all_gone(); }, 10min));
    const ServerId old = server("gpu-01")->id;
    sim.cluster.remove_node("gpu-01");
    sim.cluster.add_node({"gpu-01", "h100", 2, false});
    sim.cluster.annotate_node("gpu-01", "rigger.dev/locked", "");
    sim.run(1s);
    ASSERT_NE(server("gpu-01")->id, old);
    ASSERT_EQ(journalled("server.replaced").size(), 1u);
    EXPECT_EQ(journalled("server.replaced")[0]["serverId"], old.value);
    EXPECT_EQ(journalled("server.replaced")[0]["cause"], "NodeReplaced");
    EXPECT_EQ(sim.metrics.value("rigger_decisions_total", {{"verb", "replace-server"}, {"cause", "NodeReplaced"}}), 1);
}

TEST_F(Safety, LockOfAnOperator_StaysWithANameWhoseNodeIsSetUpAnew) {
    insist_on_undeploy(sim, "a");
    ASSERT_TRUE(sim.run_until([&] { return all_gone(); }, 10min));
    const auto watch = std::exchange(sim.cluster.on_change, {});
    sim.cluster.annotate_node("gpu-01", "rigger.dev/locked", "");
    sim.cluster.on_change = watch;
    sim.relist_all();
    sim.run(1s);
    sim.command(LockRequest{server("gpu-01")->id, true});
    sim.run(1s);
    ASSERT_TRUE(server("gpu-01")->locked);
    sim.cluster.on_change = {};
    sim.cluster.remove_node("gpu-01");
    sim.cluster.add_node({"gpu-01", "h100", 2, false});
    sim.cluster.annotate_node("gpu-01", "rigger.dev/locked", "");
    sim.cluster.on_change = watch;
    sim.relist_all();
    sim.run(1s);
    EXPECT_TRUE(server("gpu-01")->locked);
}

TEST_F(Safety, ServerThatIsBeingForgotten_TakesNothingNew) {
    sim.market.add_offer("b", 0, "h100");
    sim.cluster.most_termination = 24h;
    const ServerId gone = server("gpu-01")->id;
    sim.cluster.remove_node("gpu-01");
    sim.run(1s);
    const auto forgotten = sim.command(ForgetRequest{gone, false, true});
    sim.run(1s);
    ASSERT_TRUE((*forgotten)->ok()) << (*forgotten)->error().message;
    ASSERT_TRUE(server("gpu-01"));
    const auto answer = sim.deploy("b", "gpu-01");
    sim.run(1s);
    ASSERT_FALSE((*answer)->ok());
    EXPECT_EQ((*answer)->error().reason, "ServerForgotten");
}

struct Young : OneServer {
    Young() : OneServer(41) {}
};

TEST_F(Young, AnnouncementThatFailsForNoUnderstoodReason_EndsNothingThatRuns) {
    sim.market.stumbles = true;
    start();
    sim.deploy("a", "gpu-01");
    sim.run(20min);
    ASSERT_TRUE(is(Phase::created));
    sim.market.stumbles = false;
    EXPECT_TRUE(wait_active(sim, "a"));
    EXPECT_TRUE(state().failures.empty());
}

TEST_F(Young, ObjectOfAnOlderGrant_IsRemovedWithAReason) {
    sim.market.fresh_grants = true;
    sim.cluster.least_start = sim.cluster.most_start = 5s;
    start();
    sim.deploy("a", "gpu-01");
    ASSERT_TRUE(sim.run_until([&] { return sim.cluster.count("Job") == 1; }, 1min));
    sim.crash(); // before that is on record
    sim.start();
    ASSERT_TRUE(wait_active(sim, "a"));
    sim.run(1s);
    size_t found = 0;
    for (const JournalEntry &entry : sim.store.entries())
        found += entry.type == "object.removed" && json::parse(entry.document).value("cause", "") == "StaleGrant";
    EXPECT_EQ(found, 1u);
    EXPECT_EQ(sim.metrics.value("rigger_decisions_total", {{"verb", "remove-object"}, {"cause", "StaleGrant"}}), 1);
    EXPECT_EQ(sim.converge(10min), "");
}

} // namespace
} // namespace rigger::sim
