// Jobs, pods and nodes: what the controllers and node agents of a cluster do by themselves.
#include "client.hpp"

#include <algorithm>

namespace backend_suite {
namespace {
class Workload : public BackendTest {
protected:
    std::vector<Json> pods() { return client->list(query("v1", "Pod")).objects; }
    Json status(const Json &object) { return client->get(ref(object)).object.value("status", Json::object()); }
    static const Json *condition(const Json &status, const std::string &type) {
        const auto conditions = status.find("conditions");
        if (conditions == status.end()) return nullptr;
        const auto found =
            std::find_if(conditions->begin(), conditions->end(), [&](const Json &c) { return c.at("type") == type; });
        return found == conditions->end() ? nullptr : &*found;
    }
};

TEST_F(Workload, Nodes_AreReadyAndSayWhatTheyHave) {
    const Listing nodes = client->list({{"cluster", harness->cluster()}, {"apiVersion", "v1"}, {"kind", "Node"}});
    ASSERT_TRUE(nodes.complete());
    ASSERT_GE(nodes.objects.size(), 2U);
    for (const Json &node : nodes.objects) {
        const Json *ready = condition(node.at("status"), "Ready");
        ASSERT_NE(ready, nullptr);
        EXPECT_EQ(ready->at("status"), "True");
        EXPECT_TRUE(node.at("status").at("capacity").contains("cpu"));
        EXPECT_TRUE(node.at("status").at("capacity").contains("memory"));
    }
}
TEST_F(Workload, APodBoundToANode_RunsThere) {
    Json bound = pod("bound");
    bound["spec"]["nodeName"] = some_node();
    ASSERT_TRUE(client->apply(bound).ok());
    ASSERT_TRUE(eventually([&] { return status(bound)["phase"] == "Running"; }));
    const Json now = client->get(ref(bound)).object;
    EXPECT_EQ(now.at("spec").at("nodeName"), bound["spec"]["nodeName"]);
    EXPECT_TRUE(now.at("status").contains("startTime"));
    EXPECT_TRUE(now.at("status").at("containerStatuses")[0].at("state").contains("running"));
    EXPECT_TRUE(eventually([&] {
        const Json s = status(bound);
        const Json *ready = condition(s, "Ready");
        return ready && ready->at("status") == "True";
    }));
}
TEST_F(Workload, APodWithoutANode_IsScheduled) {
    ASSERT_TRUE(client->apply(pod("free")).ok());
    EXPECT_TRUE(eventually([&] { return client->get(ref(pod("free"))).object["spec"].contains("nodeName"); }));
    EXPECT_TRUE(eventually([&] { return status(pod("free"))["phase"] == "Running"; }));
}
TEST_F(Workload, APodThatFitsNowhere_StaysPending_AndSaysWhy) {
    Json huge = pod("huge");
    huge["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "100000";
    ASSERT_TRUE(client->apply(huge).ok());
    Json scheduled;
    ASSERT_TRUE(eventually([&] {
        const Json s = status(huge);
        const Json *c = condition(s, "PodScheduled");
        if (c) scheduled = *c;
        return c != nullptr && c->at("status") == "False";
    }));
    EXPECT_EQ(scheduled.at("reason"), "Unschedulable");
    EXPECT_NE(scheduled.at("message").get<std::string>().find("Insufficient cpu"), std::string::npos) << scheduled;
    EXPECT_EQ(status(huge)["phase"], "Pending");
}
TEST_F(Workload, ANodeSelector_ThatMatchesNoNode_KeepsThePodPending) {
    Json picky = pod("picky");
    picky["spec"]["nodeSelector"] = {{"no-such-label", "x"}};
    ASSERT_TRUE(client->apply(picky).ok());
    EXPECT_TRUE(eventually([&] {
        const Json s = status(picky);
        const Json *c = condition(s, "PodScheduled");
        return c != nullptr && c->at("reason") == "Unschedulable";
    }));
}
TEST_F(Workload, AJob_MakesAPodFromItsTemplate) {
    const Outcome made = client->apply(job("work"));
    ASSERT_TRUE(made.ok()) << made;
    ASSERT_TRUE(eventually([&] { return pods().size() == 1; }));
    const Json one = pods().front();
    const Json &owner = one.at("metadata").at("ownerReferences")[0];
    EXPECT_EQ(owner.at("uid"), made.object.at("metadata").at("uid"));
    EXPECT_EQ(owner.at("kind"), "Job");
    EXPECT_EQ(owner.at("controller"), true);
    EXPECT_EQ(one.at("metadata").at("labels").at("chutes/deployment-id"), "work");
    EXPECT_EQ(one.at("metadata").at("labels").at("job-name"), "work");
    EXPECT_EQ(one.at("metadata").at("name").get<std::string>().rfind("work-", 0), 0U);
    EXPECT_TRUE(eventually([&] { return status(job("work")).value("active", 0) == 1; }));
    EXPECT_TRUE(status(job("work")).contains("startTime"));
}
TEST_F(Workload, AJobsPods_CanBeListedByTheirDeployment) {
    client->apply(job("first"));
    client->apply(job("second"));
    ASSERT_TRUE(eventually([&] { return pods().size() == 2; }));
    const Listing listing = client->list(query("v1", "Pod", {{"labelSelector", "chutes/deployment-id=first"}}));
    ASSERT_EQ(listing.objects.size(), 1U);
    EXPECT_EQ(listing.objects[0].at("metadata").at("labels").at("chutes/deployment-id"), "first");
}
TEST_F(Workload, AJobBoundToANode_RunsThere) {
    Json bound = job("bound");
    bound["spec"]["template"]["spec"]["nodeName"] = some_node();
    ASSERT_TRUE(client->apply(bound).ok());
    ASSERT_TRUE(eventually([&] { return pods().size() == 1 && pods()[0]["status"]["phase"] == "Running"; }));
    EXPECT_EQ(pods()[0]["spec"]["nodeName"], bound["spec"]["template"]["spec"]["nodeName"]);
}
TEST_F(Workload, Parallelism_DecidesHowManyPodsRun) {
    Json wide = job("wide");
    wide["spec"]["parallelism"] = 3;
    wide["spec"]["completions"] = 5;
    ASSERT_TRUE(client->apply(wide).ok());
    EXPECT_TRUE(eventually([&] { return status(wide).value("active", 0) == 3; }));
    wide["spec"]["parallelism"] = 1;
    ASSERT_TRUE(client->apply(wide).ok());
    EXPECT_TRUE(eventually([&] { return status(wide).value("active", 0) == 1; }));
}
TEST_F(Workload, AJobPastItsDeadline_FailsWithTheReason) {
    Json late = job("late");
    late["spec"]["activeDeadlineSeconds"] = 2;
    ASSERT_TRUE(client->apply(late).ok());
    ASSERT_TRUE(eventually([&] {
        const Json s = status(late);
        const Json *failed = condition(s, "Failed");
        return failed && failed->at("status") == "True" && failed->at("reason") == "DeadlineExceeded";
    }));
    EXPECT_TRUE(eventually([&] { return pods().empty(); }));
    EXPECT_EQ(status(late).value("active", 0), 0);
}
TEST_F(Workload, AFinishedJob_GoesAfterItsTtl) {
    Json brief = job("brief");
    brief["spec"]["activeDeadlineSeconds"] = 1;
    brief["spec"]["ttlSecondsAfterFinished"] = 3;
    ASSERT_TRUE(client->apply(brief).ok());
    EXPECT_TRUE(gone(ref(brief)));
}
TEST_F(Workload, Generation_CountsChangesOfTheSpec_NotOfLabels) {
    Json wide = job("wide");
    const Outcome first = client->apply(wide);
    ASSERT_TRUE(first.ok()) << first;
    if (!first.object.at("metadata").contains("generation")) GTEST_SKIP() << "Jobs of this release carry no generation";
    wide["metadata"]["annotations"] = {{"note", "x"}};
    const Outcome labelled = client->apply(wide);
    EXPECT_EQ(first.object.at("metadata").at("generation"), labelled.object.at("metadata").at("generation"));
    wide["spec"]["parallelism"] = 2;
    const Outcome changed = client->apply(wide);
    EXPECT_GT(changed.object.at("metadata").at("generation").get<int>(),
              labelled.object.at("metadata").at("generation").get<int>());
}
TEST_F(Workload, Logs_OfAPodThatIsNotThere_AreNotFound) {
    EXPECT_EQ(client->logs({{"cluster", harness->cluster()}, {"namespace", ns}, {"name", "nothing"}}).code,
              RIG_E_NOT_FOUND);
}
} // namespace
} // namespace backend_suite
