// Pods, jobs, nodes: what controllers, scheduler and node agent do over time, and what the simulation scripts.
#include "fixture.hpp"

namespace cluster_local {
namespace {
class Pods : public ClusterTest {
protected:
    Rule &rule(Outcome outcome) {
        Rule &added = options.script.rules.emplace_back();
        added.outcome = outcome;
        return added;
    }
    Json restarting(const std::string &name) {
        Json p = pod(name, "node-a");
        p["spec"]["restartPolicy"] = "Always";
        return p;
    }
    int restarts(const std::string &name) { return get("Pod", name)["status"]["containerStatuses"][0]["restartCount"]; }
};

TEST_F(Pods, APod_IsPulled_Started_AndReadyAfterItsTimes) {
    open();
    ASSERT_TRUE(apply(pod("p", "node-a")).ok());
    settle();
    EXPECT_EQ(phase(get("Pod", "p")), "Pending");
    EXPECT_EQ(waiting(get("Pod", "p")), "ContainerCreating");
    run(4.9); // 4 s pull, 1 s start
    EXPECT_EQ(phase(get("Pod", "p")), "Pending");
    run(0.2);
    const Json started = get("Pod", "p");
    EXPECT_EQ(phase(started), "Running");
    EXPECT_EQ(condition(started, "Ready")["status"], "False");
    EXPECT_FALSE(started["status"]["podIP"].get<std::string>().empty());
    EXPECT_EQ(started["status"]["hostIP"], "192.0.2.1");
    run(2);
    EXPECT_EQ(condition(get("Pod", "p"), "Ready")["status"], "True");
    EXPECT_EQ(get("Pod", "p")["status"]["containerStatuses"][0]["ready"], true);
}
TEST_F(Pods, AnImage_IsPulledOncePerNode) {
    open();
    put(pod("first", "node-a"));
    run(10);
    put(pod("second", "node-a"));
    put(pod("elsewhere", "node-b"));
    run(1.1);
    EXPECT_EQ(phase(get("Pod", "second")), "Running");
    EXPECT_EQ(phase(get("Pod", "elsewhere")), "Pending");
}
TEST_F(Pods, AFailingPull_SaysErrImagePull_ThenBacksOff_AndHeals) {
    rule(Outcome::image_pull).for_seconds = 60;
    open();
    put(pod("p", "node-a"));
    run(4.5);
    EXPECT_EQ(waiting(get("Pod", "p")), "ErrImagePull");
    run(1);
    EXPECT_EQ(waiting(get("Pod", "p")), "ImagePullBackOff");
    EXPECT_EQ(phase(get("Pod", "p")), "Pending");
    run(120);
    EXPECT_EQ(phase(get("Pod", "p")), "Running");
}
TEST_F(Pods, AnError_EndsAPodThatIsNotRestarted) {
    Rule &r = rule(Outcome::error);
    r.exit_code = 3;
    r.after_seconds = 10;
    r.message = "CUDA out of luck";
    open();
    put(pod("p", "node-a"));
    run(30);
    const Json failed = get("Pod", "p");
    EXPECT_EQ(phase(failed), "Failed");
    const Json &end = failed["status"]["containerStatuses"][0]["state"]["terminated"];
    EXPECT_EQ(end["exitCode"], 3);
    EXPECT_EQ(end["reason"], "Error");
    EXPECT_EQ(end["message"], "CUDA out of luck");
    EXPECT_EQ(end["startedAt"], "2026-01-01T00:00:10Z");
    EXPECT_EQ(end["finishedAt"], "2026-01-01T00:00:20Z");
}
TEST_F(Pods, OutOfMemory_IsExitCode137) {
    rule(Outcome::oom_killed).after_seconds = 5;
    open();
    put(pod("p", "node-a"));
    run(30);
    EXPECT_EQ(get("Pod", "p")["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"], 137);
    EXPECT_EQ(get("Pod", "p")["status"]["containerStatuses"][0]["state"]["terminated"]["reason"], "OOMKilled");
}
TEST_F(Pods, ACrashLoop_BacksOff_Doubling) {
    rule(Outcome::error).after_seconds = 1;
    open();
    put(restarting("p"));
    run(8); // started at 5, dead at 6, restarted at once: dead again at 8
    run(0.5);
    EXPECT_EQ(waiting(get("Pod", "p")), "CrashLoopBackOff");
    EXPECT_EQ(restarts("p"), 1);
    run(12.5);
    EXPECT_EQ(restarts("p"), 2);
    run(25);
    EXPECT_EQ(restarts("p"), 3);
    run(3600);
    EXPECT_GT(restarts("p"), 10);
    EXPECT_LT(restarts("p"), 20);
    EXPECT_EQ(phase(get("Pod", "p")), "Running");
    EXPECT_EQ(get("Pod", "p")["status"]["containerStatuses"][0]["lastState"]["terminated"]["exitCode"], 1);
}
TEST_F(Pods, AnEviction_FailsThePod_WithTheReason) {
    rule(Outcome::evicted).after_seconds = 5;
    open();
    put(pod("p", "node-a"));
    run(30);
    EXPECT_EQ(phase(get("Pod", "p")), "Failed");
    EXPECT_EQ(get("Pod", "p")["status"]["reason"], "Evicted");
    EXPECT_EQ(events("Evicted").size(), 1U);
}
TEST_F(Pods, AStuckPod_StaysPending_ForAsLongAsScripted) {
    rule(Outcome::pending).for_seconds = 100;
    open();
    put(pod("p", "node-a"));
    run(90);
    EXPECT_EQ(phase(get("Pod", "p")), "Pending");
    run(20);
    EXPECT_EQ(phase(get("Pod", "p")), "Running");
}
TEST_F(Pods, ANotReadyPod_Runs_ButIsNotReady) {
    rule(Outcome::not_ready).for_seconds = 50;
    open();
    put(pod("p", "node-a"));
    run(40);
    EXPECT_EQ(phase(get("Pod", "p")), "Running");
    EXPECT_EQ(condition(get("Pod", "p"), "Ready")["status"], "False");
    run(30);
    EXPECT_EQ(condition(get("Pod", "p"), "Ready")["status"], "True");
}
TEST_F(Pods, Rules_MatchLabelImageNodeAndName) {
    Rule &r = rule(Outcome::completed);
    r.label_key = "app";
    r.label_value = "x*";
    r.image = "sim/*";
    r.node = "node-a";
    r.name = "p?";
    open();
    const auto with = [&](const std::string &name, const std::string &node, const std::string &app) {
        Json p = pod(name, node);
        p["metadata"]["labels"]["app"] = app;
        put(p);
    };
    with("p1", "node-a", "xyz");
    with("p2", "node-b", "xyz");
    with("p3", "node-a", "abc");
    with("q1", "node-a", "xyz");
    run(30);
    EXPECT_EQ(phase(get("Pod", "p1")), "Succeeded");
    for (const char *other : {"p2", "p3", "q1"}) EXPECT_EQ(phase(get("Pod", other)), "Running") << other;
}
TEST_F(Pods, AProbability_HitsItsShare_AndRepeatsWithItsSeed) {
    rule(Outcome::error).probability = 0.3;
    options.script.pull_seconds = {0, 0};
    fleet.servers = {server("node-a", 8, 1000), server("node-b", 8, 1000), server("node-c", 8, 1000),
                     server("node-d", 8, 1000)};
    std::vector<std::string> failed[2];
    for (auto &names : failed) {
        open();
        for (int i = 0; i < 400; ++i)
            put(pod("p" + std::to_string(i), "node-" + std::string(1, static_cast<char>('a' + i % 4))));
        run(10);
        for (const Json &p : list("Pod", "", "status.phase=Failed")) names.push_back(p["metadata"]["name"]);
        close();
    }
    EXPECT_EQ(failed[0], failed[1]);
    EXPECT_GT(failed[0].size(), 90U);
    EXPECT_LT(failed[0].size(), 150U);
}
TEST_F(Pods, APodThatDoesNotFitItsNode_IsRejected) {
    open();
    Json big = pod("big", "node-a");
    big["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "60";
    ASSERT_TRUE(apply(big).ok());
    big["metadata"]["name"] = "bigger";
    ASSERT_TRUE(apply(big).ok());
    run(10);
    EXPECT_EQ(phase(get("Pod", "big")), "Running");
    EXPECT_EQ(phase(get("Pod", "bigger")), "Failed");
    EXPECT_EQ(get("Pod", "bigger")["status"]["reason"], "OutOfcpu");
    drop("Pod", "big");
    run(10);
    big["metadata"]["name"] = "third";
    put(big);
    run(10);
    EXPECT_EQ(phase(get("Pod", "third")), "Running");
}
TEST_F(Pods, GracefulDeletion_TakesTheStopTime_CutByTheGrace) {
    options.script.stop_seconds = 20;
    open();
    Json p = pod("p", "node-a");
    p["spec"]["terminationGracePeriodSeconds"] = 10;
    put(p);
    run(10);
    drop("Pod", "p");
    run(9);
    ASSERT_FALSE(get("Pod", "p").is_null());
    EXPECT_EQ(get("Pod", "p")["metadata"]["deletionGracePeriodSeconds"], 10);
    run(2);
    EXPECT_TRUE(get("Pod", "p").is_null());
}
TEST_F(Pods, APodThatNeverStarted_GoesAtOnce) {
    open();
    put(pod("p", "node-a"));
    run(1);
    drop("Pod", "p");
    settle();
    EXPECT_TRUE(get("Pod", "p").is_null());
}

class Nodes : public ClusterTest {};
TEST_F(Nodes, AnOutage_TurnsTheNodeAndItsPodsNotReady_AndBack) {
    options.script.outages = {{"node-a", 60, 100, 0}};
    open();
    put(pod("p", "node-a"));
    run(50);
    EXPECT_EQ(condition(get("Node", "node-a"), "Ready")["status"], "True");
    run(20);
    EXPECT_EQ(condition(get("Node", "node-a"), "Ready")["status"], "Unknown");
    EXPECT_EQ(condition(get("Node", "node-b"), "Ready")["status"], "True");
    EXPECT_EQ(condition(get("Pod", "p"), "Ready")["status"], "False");
    EXPECT_EQ(phase(get("Pod", "p")), "Running");
    run(100);
    EXPECT_EQ(condition(get("Node", "node-a"), "Ready")["status"], "True");
    EXPECT_EQ(condition(get("Pod", "p"), "Ready")["status"], "True");
}
TEST_F(Nodes, ALongOutage_EvictsThePods_WhichGoWhenTheNodeIsBack) {
    options.script.outages = {{"node-a", 10, 1000, 0}};
    open();
    put(pod("p", "node-a"));
    run(200);
    EXPECT_FALSE(get("Pod", "p")["metadata"].contains("deletionTimestamp"));
    run(200);
    EXPECT_TRUE(get("Pod", "p")["metadata"].contains("deletionTimestamp"));
    run(500);
    EXPECT_FALSE(get("Pod", "p").is_null()) << "nobody can confirm the end while the node is down";
    run(300);
    EXPECT_TRUE(get("Pod", "p").is_null());
}
TEST_F(Nodes, WhatHappensDuringAnOutage_ShowsAfterIt) {
    options.script.outages = {{"node-a", 10, 100, 0}};
    options.script.rules.emplace_back();
    options.script.rules[0].outcome = Outcome::completed;
    options.script.rules[0].after_seconds = 30;
    open();
    put(pod("p", "node-a"));
    run(60);
    EXPECT_EQ(phase(get("Pod", "p")), "Running");
    run(60);
    EXPECT_EQ(phase(get("Pod", "p")), "Succeeded");
}
TEST_F(Nodes, APodBoundToADownNode_StartsWhenItIsBack) {
    options.script.outages = {{"node-a", 1, 100, 0}};
    open();
    run(5);
    put(pod("p", "node-a"));
    run(50);
    EXPECT_EQ(phase(get("Pod", "p")), "Pending");
    run(100);
    EXPECT_EQ(phase(get("Pod", "p")), "Running");
}
TEST_F(Nodes, AForcedDeletion_NeedsNoNode) {
    options.script.outages = {{"node-a", 20, 10000, 0}};
    open();
    put(pod("p", "node-a"));
    run(30);
    drop("Pod", "p");
    run(10);
    ASSERT_FALSE(get("Pod", "p").is_null());
    drop("Pod", "p", {{"gracePeriodSeconds", 0}});
    EXPECT_TRUE(get("Pod", "p").is_null());
}
TEST_F(Nodes, RepeatedOutages_Repeat) {
    options.script.outages = {{"*", 100, 10, 1000}};
    open();
    const std::pair<double, const char *> steps[] = {{50, "True"},     {55, "Unknown"}, {100, "True"},
                                                     {900, "Unknown"}, {50, "True"},    {950, "Unknown"}};
    for (const auto &[seconds, status] : steps) {
        run(seconds);
        EXPECT_EQ(condition(get("Node", "node-a"), "Ready")["status"], status);
    }
}

class Scheduling : public ClusterTest {};
TEST_F(Scheduling, Pods_SpreadOverNodesWithRoom) {
    open();
    for (int i = 0; i < 10; ++i) put(pod("p" + std::to_string(i)));
    run(10);
    int on_a = 0;
    for (const Json &p : pods()) on_a += p["spec"]["nodeName"] == "node-a";
    EXPECT_EQ(on_a, 5);
}
TEST_F(Scheduling, AWaitingPod_IsBoundWhenRoomComes) {
    fleet.servers = {server("node-a", 1)};
    open();
    Json one = pod("one");
    one["spec"]["containers"][0]["resources"]["limits"] = {{"nvidia.com/gpu", "1"}};
    put(one);
    settle();
    one["metadata"]["name"] = "two";
    put(one);
    run(10);
    EXPECT_EQ(phase(get("Pod", "one")), "Running");
    EXPECT_EQ(condition(get("Pod", "two"), "PodScheduled")["message"],
              "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.");
    drop("Pod", "one");
    run(10);
    EXPECT_EQ(get("Pod", "two")["spec"]["nodeName"], "node-a");
}
TEST_F(Scheduling, AWaitingPod_IsBoundWhenANodeComes) {
    fleet.servers.clear();
    open();
    put(pod("p"));
    run(5);
    EXPECT_EQ(condition(get("Pod", "p"), "PodScheduled")["message"], "0/0 nodes are available.");
    fleet.servers = {server("node-a")};
    ASSERT_TRUE(cluster->set_fleet(fleet).ok());
    run(10);
    EXPECT_EQ(phase(get("Pod", "p")), "Running");
}
TEST_F(Scheduling, SelectorsAndAffinity_ChooseTheNode) {
    fleet.servers[0].labels = {{"disk", "ssd"}};
    fleet.servers[1].labels = {{"zone", "b"}};
    open();
    Json selector = pod("selector");
    selector["spec"]["nodeSelector"] = {{"disk", "ssd"}};
    Json affinity = pod("affinity");
    affinity["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
            ["nodeSelectorTerms"] =
                Json::array({Json{{"matchExpressions",
                                   Json::array({Json{{"key", "zone"}, {"operator", "In"}, {"values", {"b", "c"}}}})}}});
    put(selector);
    put(affinity);
    settle();
    EXPECT_EQ(get("Pod", "selector")["spec"]["nodeName"], "node-a");
    EXPECT_EQ(get("Pod", "affinity")["spec"]["nodeName"], "node-b");
}
TEST_F(Scheduling, ANodeThatIsDown_GetsNoPods) {
    options.script.outages = {{"node-a", 0, 1000, 0}};
    open();
    run(1);
    for (int i = 0; i < 4; ++i) put(pod("p" + std::to_string(i)));
    settle();
    for (const Json &p : pods()) EXPECT_EQ(p["spec"]["nodeName"], "node-b");
}
TEST_F(Scheduling, AnotherSchedulersPod_IsLeftToIt) {
    open();
    Json p = pod("p");
    p["spec"]["schedulerName"] = "somebody-else";
    put(p);
    run(5);
    EXPECT_FALSE(get("Pod", "p")["spec"].contains("nodeName"));
}

class Jobs : public ClusterTest {
protected:
    Json status(const std::string &name) { return get("Job", name).value("status", Json::object()); }
    void script(Outcome outcome, double after, double probability = 1, bool each = false) {
        Rule r;
        r.outcome = outcome;
        r.after_seconds = after;
        r.probability = probability;
        r.each_attempt = each;
        options.script.rules.push_back(r);
    }
};
TEST_F(Jobs, AJobWhosePodSucceeds_Completes) {
    script(Outcome::completed, 10);
    open();
    put(job("j"));
    run(6);
    EXPECT_EQ(status("j").value("active", 0), 1);
    run(30);
    EXPECT_EQ(status("j").value("succeeded", 0), 1);
    EXPECT_EQ(status("j").value("active", 0), 0);
    EXPECT_EQ(condition(get("Job", "j"), "Complete")["status"], "True");
    EXPECT_TRUE(status("j").contains("completionTime"));
    EXPECT_EQ(phase(only_pod()), "Succeeded") << "its pod stays for its logs";
}
TEST_F(Jobs, AJobWithoutRetries_FailsWithItsPod) {
    script(Outcome::error, 10);
    open();
    put(job("j"));
    run(60);
    EXPECT_EQ(status("j").value("failed", 0), 1);
    EXPECT_EQ(condition(get("Job", "j"), "Failed")["reason"], "BackoffLimitExceeded");
    EXPECT_EQ(pods().size(), 1U);
}
TEST_F(Jobs, ARetriedJob_WaitsLongerEachTime_ThenFails) {
    script(Outcome::error, 1);
    open();
    Json j = job("j");
    j["spec"]["backoffLimit"] = 3;
    put(j);
    run(6.5);
    EXPECT_EQ(status("j").value("failed", 0), 1);
    EXPECT_EQ(pods().size(), 1U);
    run(11);
    EXPECT_EQ(pods().size(), 2U);
    run(200);
    EXPECT_EQ(status("j").value("failed", 0), 4);
    EXPECT_EQ(condition(get("Job", "j"), "Failed")["status"], "True");
    EXPECT_EQ(pods().size(), 4U);
}
TEST_F(Jobs, OnFailure_RestartsInPlace_UpToTheLimit) {
    script(Outcome::error, 1);
    open();
    Json j = job("j");
    j["spec"]["backoffLimit"] = 2;
    j["spec"]["template"]["spec"]["restartPolicy"] = "OnFailure";
    put(j);
    run(120);
    EXPECT_EQ(condition(get("Job", "j"), "Failed")["reason"], "BackoffLimitExceeded");
    EXPECT_TRUE(pods().empty());
}
TEST_F(Jobs, ManyCompletions_RunInTurns) {
    script(Outcome::completed, 10);
    open();
    Json j = job("j");
    j["spec"]["parallelism"] = 3;
    j["spec"]["completions"] = 7;
    put(j);
    run(6);
    EXPECT_EQ(status("j").value("active", 0), 3);
    EXPECT_EQ(status("j").value("ready", -1), 0);
    run(3);
    EXPECT_EQ(status("j").value("ready", -1), 3);
    run(100);
    EXPECT_EQ(status("j").value("succeeded", 0), 7);
    EXPECT_EQ(pods().size(), 7U);
    EXPECT_EQ(condition(get("Job", "j"), "Complete")["status"], "True");
}
TEST_F(Jobs, ADeletedPod_CountsAsAFailure) {
    open();
    put(job("j"));
    run(10);
    ASSERT_TRUE(
        cluster->remove(Json{{"apiVersion", "v1"}, {"kind", "Pod"}, {"name", only_pod()["metadata"]["name"]}}.dump())
            .error()
            .code == RIG_E_CONFLICT)
        << "its labels are not ours";
    Json ours = job("ours");
    ours["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/managed-by"] = "rigger";
    put(ours);
    run(10);
    const std::string name = list("Pod", "app=ours").at(0)["metadata"]["name"];
    ASSERT_TRUE(remove("Pod", name).ok());
    run(10);
    EXPECT_EQ(status("ours").value("failed", 0), 1);
    EXPECT_EQ(condition(get("Job", "ours"), "Failed")["status"], "True");
    EXPECT_TRUE(list("Pod", "app=ours").empty());
}
TEST_F(Jobs, ASuspendedJob_RunsNothing_UntilItIsResumed) {
    open();
    Json j = job("j");
    j["spec"]["suspend"] = true;
    put(j);
    run(5);
    EXPECT_TRUE(pods().empty());
    j["spec"]["suspend"] = false;
    put(j);
    run(10);
    EXPECT_EQ(status("j").value("active", 0), 1);
    EXPECT_EQ(status("j").value("failed", 0), 0);
}
TEST_F(Jobs, ADeadline_EndsTheJobAtItsTime) {
    open();
    Json j = job("j");
    j["spec"]["activeDeadlineSeconds"] = 100;
    put(j);
    run(99);
    EXPECT_TRUE(condition(get("Job", "j"), "Failed").is_null());
    run(2);
    EXPECT_EQ(condition(get("Job", "j"), "Failed")["reason"], "DeadlineExceeded");
    run(5);
    EXPECT_TRUE(pods().empty());
}
TEST_F(Jobs, Ttl_RemovesTheJobAndItsPods) {
    script(Outcome::completed, 1);
    open();
    Json j = job("j");
    j["spec"]["ttlSecondsAfterFinished"] = 300;
    put(j);
    run(290);
    EXPECT_FALSE(get("Job", "j").is_null());
    run(30);
    EXPECT_TRUE(get("Job", "j").is_null());
    EXPECT_TRUE(pods().empty());
}
TEST_F(Jobs, APodRejectedByItsNode_FailsTheJob) {
    open();
    Json j = job("j", "node-a");
    j["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "1000";
    put(j);
    run(5);
    EXPECT_EQ(condition(get("Job", "j"), "Failed")["status"], "True");
    EXPECT_EQ(only_pod()["status"]["reason"], "OutOfcpu");
}
TEST_F(Jobs, AWallClockThatJumps_LosesNothing) {
    open();
    Json j = job("j");
    j["spec"]["activeDeadlineSeconds"] = 1000;
    put(j);
    run(20);
    clock.jump_wall(-3'600'000'000'000);
    run(100);
    EXPECT_EQ(status("j").value("active", 0), 1);
    EXPECT_EQ(phase(only_pod()), "Running");
    clock.jump_wall(2 * 3'600'000'000'000);
    run(1000);
    EXPECT_EQ(condition(get("Job", "j"), "Failed")["reason"], "DeadlineExceeded");
}

class Events : public ClusterTest {};
TEST_F(Events, OnlyTheNewest_AreKept) {
    options.events = 10;
    open();
    for (int i = 0; i < 20; ++i) put(pod("p" + std::to_string(i), "node-a"));
    run(20);
    EXPECT_LE(list("Event").size(), 10U);
    EXPECT_FALSE(events("Started").empty());
}
TEST_F(Events, Repeats_AreCounted_AndOldOnesExpire) {
    options.script.rules.emplace_back();
    options.script.rules[0].outcome = Outcome::error;
    options.script.rules[0].after_seconds = 1;
    open();
    Json p = pod("p", "node-a");
    p["spec"]["restartPolicy"] = "Always";
    put(p);
    run(600);
    const auto started = events("Started");
    ASSERT_EQ(started.size(), 1U);
    EXPECT_GT(started[0]["count"], 3);
    EXPECT_EQ(started[0]["involvedObject"]["name"], "p");
    drop("Pod", "p");
    run(2 * 3600);
    EXPECT_TRUE(list("Event").empty());
}

class Soak : public ClusterTest {};
TEST_F(Soak, ThousandsOfClusterHours_PassInSeconds) {
    Rule crash;
    crash.after_seconds = 3600;
    crash.probability = 0.5;
    crash.each_attempt = true;
    options.script.rules = {crash};
    options.script.outages = {{"node-a", 7200, 250, 86400}};
    options.events = 50;
    open();
    for (int i = 0; i < 20; ++i) {
        Json p = pod("p" + std::to_string(i), i % 2 ? "node-a" : "node-b");
        p["spec"]["restartPolicy"] = "Always";
        put(p);
    }
    run(5000.0 * 3600);
    const auto all = pods();
    ASSERT_EQ(all.size(), 20U);
    for (const Json &p : all) EXPECT_EQ(phase(p), "Running");
}

} // namespace
} // namespace cluster_local
