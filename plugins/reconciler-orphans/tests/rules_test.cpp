#include "reconciler.hpp"

#include <rigger/sdk/testing.hpp>

#include <nlohmann/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace orphans {
namespace {

using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Json view(bool complete = true, double age = 5) {
    return {{"complete", complete}, {"ageSeconds", age}, {"generation", 3}};
}

class ClusterTest : public ::testing::Test {
protected:
    ClusterTest() {
        desired = {{"now", "2026-01-01T12:00:00Z"}, {"deployments", Json::array()}};
        observed = {{"objects", Json::array()},
                    {"views", {{"pods", view()}, {"jobs", view()}, {"services", view()}, {"nodes", view()}}}};
        for (const char *id : {"d1", "d2"}) {
            desired["deployments"].push_back({{"id", id}, {"phase", "active"}});
            for (const char *kind : {"Job", "Pod", "Service"}) object(kind, id);
        }
    }
    void object(const std::string &kind, const std::string &deployment, Json age = 600) {
        const std::string name = kind + "-" + deployment;
        if (kind == "Service") age = nullptr;
        observed["objects"].push_back({{"apiVersion", kind == "Job" ? "batch/v1" : "v1"},
                                       {"kind", kind},
                                       {"namespace", "chutes"},
                                       {"name", name},
                                       {"uid", "u-" + name},
                                       {"deploymentId", deployment},
                                       {"ageSeconds", age}});
    }
    std::vector<std::string> verdict(const Limits &limits = {}) {
        auto facts = reconcile::read_cluster(desired.dump(), observed.dump());
        if (!facts.ok()) throw std::runtime_error(facts.error().message);
        const Verdict v = judge_cluster("local/local", *facts, limits);
        held = v.held;
        std::vector<std::string> names;
        for (const auto &a : v.actions) {
            EXPECT_EQ(a.verb, "remove-object");
            EXPECT_EQ(a.evidence, reconcile::Evidence::absence);
            EXPECT_EQ(a.views.size(), 1u);
            names.push_back(a.target[4].second);
        }
        return names;
    }
    Json desired, observed;
    std::string held;
};

TEST_F(ClusterTest, ObjectsOfKnownDeployments_Stay) { EXPECT_THAT(verdict(), IsEmpty()); }

TEST_F(ClusterTest, H18_ObjectsOfNobody_AreRemoved_ThePodWithItsJob) {
    for (const char *kind : {"Pod", "Job", "Service"}) object(kind, "lost");
    EXPECT_THAT(verdict(), ElementsAre("Job-lost", "Service-lost"));
}

TEST_F(ClusterTest, PodWithoutItsJob_IsRemovedItself) {
    object("Pod", "lost");
    EXPECT_THAT(verdict(), ElementsAre("Pod-lost"));
}

TEST_F(ClusterTest, ObjectsOfEndingDeployments_AreTheDeployersToRemove) {
    desired["deployments"][0]["phase"] = "terminating";
    desired["deployments"][1]["phase"] = "gone";
    EXPECT_THAT(verdict(), IsEmpty());
}

TEST_F(ClusterTest, ForeignObjects_AreNeverTouched) {
    object("Job", "");
    observed["objects"].back()["deploymentId"] = nullptr;
    EXPECT_THAT(verdict(), IsEmpty());
}

TEST_F(ClusterTest, ObjectWithoutUid_IsLeftAlone_ItCouldBeAnotherByNow) {
    object("Job", "lost");
    observed["objects"].back()["uid"] = "";
    EXPECT_THAT(verdict(), IsEmpty());
}

TEST_F(ClusterTest, KindsThatNoViewShows_AreLeftAlone) {
    object("ConfigMap", "lost");
    EXPECT_THAT(verdict(), IsEmpty());
}

TEST_F(ClusterTest, W9_W32_YoungObjects_MayBeAheadOfOurRecords) {
    object("Job", "lost", 59);
    EXPECT_THAT(verdict(), IsEmpty());
    observed["objects"].back()["ageSeconds"] = 60;
    EXPECT_THAT(verdict(), ElementsAre("Job-lost"));
}

TEST_F(ClusterTest, W4_W5_IncompleteOrOldView_RemovesNothing) {
    object("Job", "lost");
    for (const Json &bad : {view(false), view(true, 200), Json(nullptr)}) {
        observed["views"]["jobs"] = bad;
        EXPECT_THAT(verdict(), IsEmpty()) << bad;
    }
    observed.erase("views");
    EXPECT_THAT(verdict(), IsEmpty());
}

TEST_F(ClusterTest, W3_LostStore_RemovesNothing_AndSaysSo) {
    desired["deployments"] = Json::array();
    for (const char *id : {"d3", "d4"}) object("Job", id);
    EXPECT_THAT(verdict(), IsEmpty());
    EXPECT_THAT(held, HasSubstr("records may be lost"));
}

TEST_F(ClusterTest, FewOrphans_AreBelieved_EvenWhenNothingElseIsKnown) {
    desired["deployments"] = Json::array();
    EXPECT_EQ(verdict().size(), 4u); // two deployments, job and service each
}

TEST_F(ClusterTest, ManyOrphansInABigFleet_AreBelieved) {
    for (int i = 0; i < 20; ++i)
        desired["deployments"].push_back({{"id", "x" + std::to_string(i)}, {"phase", "active"}});
    for (int i = 0; i < 8; ++i) object("Job", "lost" + std::to_string(i));
    EXPECT_EQ(verdict().size(), 8u);
}

class SourceTest : public ::testing::Test {
protected:
    SourceTest() {
        desired = {{"now", "2026-01-01T12:00:00Z"},
                   {"deployments",
                    Json::array(
                        {{{"id", "d"}, {"phase", "active"}, {"offerId", "o"}, {"instanceId", "i1"}, {"configId", "g1"}},
                         {{"id", "e"},
                          {"phase", "claimed"},
                          {"offerId", "o"},
                          {"instanceId", nullptr},
                          {"configId", "g2"}}})}};
        observed = {{"offers", Json::array()},
                    {"stored", Json::array()},
                    {"instances", Json::array()},
                    {"views", {{"instances", view()}}}};
        instance("i1", "g1");
    }
    void instance(const std::string &id, const std::string &config, Json created = "2026-01-01T11:00:00Z") {
        observed["instances"].push_back({{"id", id}, {"offerId", "o"}, {"configId", config}, {"createdAt", created}});
    }
    std::vector<std::string> verdict(const Limits &limits = {}) {
        auto facts = reconcile::read_source(desired.dump(), observed.dump());
        if (!facts.ok()) throw std::runtime_error(facts.error().message);
        const Verdict v = judge_source("s", *facts, limits);
        held = v.held;
        std::vector<std::string> ids;
        for (const auto &a : v.actions) ids.push_back(a.id());
        return ids;
    }
    Json desired, observed;
    std::string held;
};

TEST_F(SourceTest, InstancesOfKnownDeployments_Stay) {
    instance("i2", "g2"); // registered a moment ago, known by its launch config alone
    EXPECT_THAT(verdict(), IsEmpty());
}

TEST_F(SourceTest, H18_InstanceOfNobody_IsReleased) {
    instance("lost", "g9");
    EXPECT_THAT(verdict(), ElementsAre("release-instance/s/o/lost"));
}

TEST_F(SourceTest, InstanceWithoutALaunchConfig_DoesNotMatchDeploymentsWithoutOne) {
    desired["deployments"][1]["configId"] = nullptr;
    instance("lost", "");
    EXPECT_THAT(verdict(), ElementsAre("release-instance/s/o/lost"));
}

TEST_F(SourceTest, W9_YoungInstance_MayBeAheadOfOurRecords) {
    instance("new", "g9", "2026-01-01T11:59:30Z");
    EXPECT_THAT(verdict(), IsEmpty());
}

TEST_F(SourceTest, W2_W3_IncompleteOrOldView_ReleasesNothing) {
    instance("lost", "g9");
    for (const Json &bad : {view(false), view(true, 200), Json(nullptr)}) {
        observed["views"]["instances"] = bad;
        EXPECT_THAT(verdict(), IsEmpty()) << bad;
    }
}

TEST_F(SourceTest, W3_LostStore_ReleasesNothing_AndSaysSo) {
    desired["deployments"] = Json::array();
    for (int i = 0; i < 4; ++i) instance("x" + std::to_string(i), "c" + std::to_string(i));
    EXPECT_THAT(verdict(), IsEmpty());
    EXPECT_THAT(held, HasSubstr("records may be lost"));
}

TEST(Border, TellsClustersFromSources_AndProposesThroughTheTables) {
    rig::testing::FakeHost host;
    auto made = rig::testing::Instance::create(rig_plugin_v1, host, "{}");
    ASSERT_TRUE(made.ok());
    ASSERT_TRUE(made->start().ok());
    const Json desired{{"now", "2026-01-01T12:00:00Z"}, {"deployments", Json::array()}};
    const Json cluster{{"objects",
                        {{{"apiVersion", "batch/v1"},
                          {"kind", "Job"},
                          {"namespace", "chutes"},
                          {"name", "chute-x"},
                          {"uid", "u"},
                          {"deploymentId", "x"},
                          {"ageSeconds", 600}}}},
                       {"views", {{"jobs", view()}}}};
    const Json source{{"instances", {{{"id", "i"}, {"offerId", "o"}, {"createdAt", "2026-01-01T11:00:00Z"}}}},
                      {"views", {{"instances", view()}}}};
    auto objects = made->reconcile("local/local", desired.dump(), cluster.dump());
    ASSERT_TRUE(objects.ok());
    ASSERT_EQ(objects->size(), 1u);
    EXPECT_EQ(
        Json::parse((*objects)[0].document)["target"],
        Json::parse(
            R"({"cluster":"local/local","apiVersion":"batch/v1","kind":"Job","namespace":"chutes","name":"chute-x","uid":"u"})"));
    auto instances = made->reconcile("catalog", desired.dump(), source.dump());
    ASSERT_TRUE(instances.ok());
    ASSERT_EQ(instances->size(), 1u);
    EXPECT_EQ(Json::parse((*instances)[0].document)["target"],
              Json::parse(R"({"source":"catalog","instanceId":"i","offerId":"o"})"));
    EXPECT_FALSE(made->reconcile("x", "{}", "{").ok());
    EXPECT_TRUE(Json::accept(config_schema));
}

} // namespace
} // namespace orphans
