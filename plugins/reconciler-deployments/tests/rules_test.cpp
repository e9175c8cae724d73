// Every rule, and every safety case, as a line of a table. The documents are those that the host sends.
#include "reconciler.hpp"

#include <rigger/sdk/testing.hpp>

#include <nlohmann/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace deployments {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;

/// A healthy, active deployment, an hour old, and views that are complete and five seconds old.
struct World {
    Json desired = Json::parse(R"({"now":"2026-01-01T12:00:00Z","limits":{"stubSeconds":1800,"initSeconds":2100},
      "deployment":{"id":"d","offerId":"o","offerName":"demo","source":"s","version":"v1","serverId":"n","serverName":"gpu-01","cluster":"local/local","namespace":"chutes",
        "phase":"active","instanceId":"i","configId":"g","gpus":["x"],"preemptible":true,"jobId":null,"createdAt":"2026-01-01T11:00:00Z","phaseSince":"2026-01-01T11:05:00Z"}})");
    Json observed = Json::parse(R"({"job":{"active":1,"succeeded":0,"failed":0},
      "pods":[{"name":"p","phase":"Running","ready":true,"terminating":false,"reason":null,"message":null,"exitCode":null,"ageSeconds":3500}],
      "instance":{"id":"i","offerId":"o","version":"v1","configId":"g","verified":true,"active":true,"createdAt":"2026-01-01T11:02:00Z"},"offer":{"version":"v1"},
      "views":{"pods":{"complete":true,"ageSeconds":5,"generation":9},"jobs":{"complete":true,"ageSeconds":5,"generation":9},
               "instances":{"complete":true,"ageSeconds":5,"generation":9},"offers":{"complete":true,"ageSeconds":5,"generation":9}}})");

    World &phase(const char *name, const char *created, const char *since) {
        desired["deployment"]["phase"] = name;
        desired["deployment"]["createdAt"] = std::string("2026-01-01T") + created + "Z";
        desired["deployment"]["phaseSince"] = std::string("2026-01-01T") + since + "Z";
        return *this;
    }
    World &no_objects() {
        observed["job"] = nullptr;
        observed["pods"] = Json::array();
        return *this;
    }
    World &no_instance() {
        observed["instance"] = nullptr;
        return *this;
    }
    World &unregistered() {
        desired["deployment"]["instanceId"] = nullptr;
        return no_instance();
    }
    World &job(int active, int succeeded, int failed) {
        observed["job"] = {{"active", active}, {"succeeded", succeeded}, {"failed", failed}};
        return *this;
    }
    World &pod(const char *pod_phase, bool terminating = false) {
        observed["pods"] = Json::array({{{"name", "p"},
                                         {"phase", pod_phase},
                                         {"terminating", terminating},
                                         {"reason", "OOMKilled"},
                                         {"message", "out of memory"},
                                         {"exitCode", 137}}});
        return *this;
    }
    World &view(const char *name, bool complete, double age) {
        observed["views"][name] = {{"complete", complete}, {"ageSeconds", age}, {"generation", 9}};
        return *this;
    }
    World &is_job() {
        desired["deployment"]["jobId"] = "job-1";
        return *this;
    }
};

std::optional<reconcile::Action> judged(const World &w, const Limits &limits = {}) {
    auto facts = reconcile::read_deployment(w.desired.dump(), w.observed.dump());
    if (!facts.ok()) throw std::runtime_error(facts.error().message);
    return judge(*facts, limits).action;
}
std::string cause(const World &w) {
    const auto action = judged(w);
    return action ? action->cause : "keep";
}
const char *evidence_name(reconcile::Evidence e) {
    return e == reconcile::Evidence::definite ? "definite" : e == reconcile::Evidence::absence ? "absence" : "policy";
}

struct RuleCase {
    const char *name;
    World world;
    const char *cause, *evidence;
};

class Rules : public ::testing::TestWithParam<RuleCase> {};

TEST_P(Rules, Condemn_WithTheirCauseAndEvidence) {
    const RuleCase &c = GetParam();
    const auto action = judged(c.world);
    ASSERT_TRUE(action) << c.name << ": kept";
    EXPECT_EQ(action->cause, c.cause) << c.name;
    EXPECT_STREQ(evidence_name(action->evidence), c.evidence) << c.name;
    EXPECT_EQ(action->verb, "terminate");
    EXPECT_EQ(action->id(), "terminate/d");
    EXPECT_FALSE(action->reason.empty());
    EXPECT_TRUE(action->evidence != reconcile::Evidence::absence || !action->views.empty()) << c.name;
}

INSTANTIATE_TEST_SUITE_P(
    Table, Rules,
    ::testing::Values(
        RuleCase{"the job failed", World().job(0, 0, 1), "JobFailed", "definite"},
        RuleCase{"the job failed before the instance was known",
                 World().phase("created", "11:50:00", "11:51:00").unregistered().job(0, 0, 1), "JobFailed", "definite"},
        RuleCase{"the job failed although a pod is still listed", World().job(1, 0, 1), "JobFailed", "definite"},
        RuleCase{"a chute's job ended", World().job(0, 1, 0), "JobEnded", "definite"},
        RuleCase{"a job has finished", World().is_job().job(0, 1, 0), "JobFinished", "definite"},
        RuleCase{"the pod failed, the job's status lags", World().job(1, 0, 0).pod("Failed"), "PodEnded", "definite"},
        RuleCase{"the pod ended", World().job(1, 0, 0).pod("Succeeded"), "PodEnded", "definite"},
        RuleCase{"the pod failed and is being removed", World().pod("Failed", true), "PodEnded", "definite"},
        RuleCase{"job and pod vanished", World().no_objects(), "ObjectsVanished", "absence"},
        RuleCase{"the pod vanished and the job runs none",
                 [] {
                     World w;
                     w.observed["pods"] = Json::array();
                     return w.job(0, 0, 0);
                 }(),
                 "PodVanished", "absence"},
        RuleCase{"the instance was lost", World().no_instance(), "InstanceLost", "absence"},
        RuleCase{"the instance runs another version",
                 [] {
                     World w;
                     w.observed["instance"]["version"] = "v0";
                     return w;
                 }(),
                 "InstanceVersionMismatch", "definite"},
        RuleCase{"the offer has another version",
                 [] {
                     World w;
                     w.observed["offer"]["version"] = "v2";
                     return w;
                 }(),
                 "VersionChanged", "definite"},
        RuleCase{"planned for 30 min", World().phase("planned", "11:30:00", "11:30:00").no_objects().unregistered(),
                 "StubTimeout", "policy"},
        RuleCase{"claimed for 30 min", World().phase("claimed", "11:29:00", "11:31:00").no_objects().unregistered(),
                 "StubTimeout", "policy"},
        RuleCase{"not registered for 35 min", World().phase("created", "11:25:00", "11:26:00").unregistered(),
                 "InitTimeout", "policy"},
        RuleCase{"not verified for 90 min", World().phase("registered", "10:00:00", "10:30:00"), "VerifyTimeout",
                 "policy"},
        RuleCase{"not active for 90 min", World().phase("verified", "10:00:00", "10:30:00"), "ActivateTimeout",
                 "policy"}),
    [](const auto &c) {
        std::string n = c.param.name;
        std::replace_if(
            n.begin(), n.end(), [](char x) { return !isalnum(static_cast<unsigned char>(x)); }, '_');
        return n;
    });

struct KeepCase {
    const char *name;
    World world;
};

class Keeps : public ::testing::TestWithParam<KeepCase> {};

TEST_P(Keeps, TheDeployment) {
    const auto action = judged(GetParam().world);
    EXPECT_FALSE(action) << action->cause << ": " << action->reason;
}

INSTANTIATE_TEST_SUITE_P(Table, Keeps, ::testing::Values(
    KeepCase{"healthy", World()},
    KeepCase{"terminating already", World().phase("terminating", "11:00:00", "11:59:00").no_objects().no_instance()},
    KeepCase{"gone already", World().phase("gone", "11:00:00", "11:59:00").job(0, 0, 1)},
    KeepCase{"planned, young", World().phase("planned", "11:59:00", "11:59:00").no_objects().unregistered()},
    KeepCase{"claimed, objects not there yet", World().phase("claimed", "11:45:00", "11:45:30").no_objects().unregistered()},
    KeepCase{"created, pod pending", World().phase("created", "11:50:00", "11:50:10").unregistered().pod("Pending")},
    KeepCase{"created, not registered for 34 min", World().phase("created", "11:26:00", "11:27:00").unregistered()},
    KeepCase{"registered for 89 min", World().phase("registered", "10:00:00", "10:31:00")},
    KeepCase{"pod of unknown phase", World().pod("Unknown")},
    KeepCase{"one pod ended, another runs", [] { World w; w.observed["pods"].push_back({{"name", "q"}, {"phase", "Failed"}}); return w; }()},
    KeepCase{"pod terminating", World().pod("Running", true)},
    KeepCase{"pod gone, job still counts it", [] { World w; w.observed["pods"] = Json::array(); return w.job(1, 0, 0); }()},
    KeepCase{"job gone, pod still runs", [] { World w; w.observed["job"] = nullptr; return w; }()},
    KeepCase{"rolling update", [] { World w; w.observed["offer"] = {{"version", "v2"}, {"updateInProgress", true}}; return w; }()},
    KeepCase{"a job keeps its version", [] { World w; w.is_job().observed["offer"]["version"] = "v2"; return w; }()},
    KeepCase{"a job is not given up for want of an instance", World().is_job().phase("created", "08:00:00", "08:00:00").unregistered()},
    KeepCase{"a job is not given up unverified", World().is_job().phase("registered", "08:00:00", "08:00:00")},
    KeepCase{"offer not listed", [] { World w; w.observed["offer"] = nullptr; return w; }()},
    KeepCase{"offer without a version", [] { World w; w.observed["offer"]["version"] = nullptr; return w; }()},
    KeepCase{"instance without a version", [] { World w; w.observed["instance"]["version"] = ""; return w; }()},
    KeepCase{"times in the future", [] { World w; w.phase("created", "23:00:00", "23:00:00"); return w.unregistered().no_objects(); }()},
    KeepCase{"no times at all", [] { World w; w.phase("planned", "11:00:00", "11:00:00").no_objects(); w.desired["deployment"].erase("createdAt"); w.desired["deployment"].erase("phaseSince"); return w; }()}),
    [](const auto &c) { std::string n = c.param.name; std::replace_if(n.begin(), n.end(), [](char x) { return !isalnum(static_cast<unsigned char>(x)); }, '_'); return n; });

// -- the defects of the system that this replaces, by their numbers there

TEST(Defects, W2_W3_EmptyAnswersFromAnIncompleteView_CondemnNothing) {
    for (const char *view : {"pods", "jobs"})
        EXPECT_EQ(cause(World().no_objects().view(view, false, 0)), "keep") << view;
    EXPECT_EQ(cause(World().no_instance().view("instances", false, 0)), "keep");
    World blind = World().no_objects().no_instance();
    blind.observed["views"] = Json::object();
    EXPECT_EQ(cause(blind), "keep");
}

TEST(Defects, W4_ListingInTheMiddleOfAResync_IsIncomplete_AndCondemnsNothing) {
    EXPECT_EQ(cause(World().no_objects().view("pods", false, 1).view("jobs", false, 1)), "keep");
}

TEST(Defects, W5_ClusterThatIsNotHeard_CondemnsNothing) {
    EXPECT_EQ(cause(World().no_objects().view("pods", true, 600).view("jobs", true, 600)), "keep");
    EXPECT_EQ(cause(World().no_instance().view("instances", true, 600)), "keep");
}

TEST(Defects, W9_WhatIsYoungerThanTheView_IsNotCondemnedByIt) {
    World fresh = World().phase("created", "11:59:20", "11:59:20").unregistered().no_objects();
    EXPECT_EQ(cause(fresh), "keep");
    // Two minutes in this phase, but the view is 65 seconds old: only 55 seconds lie between them.
    World lagging = World()
                        .phase("created", "11:57:00", "11:58:00")
                        .unregistered()
                        .no_objects()
                        .view("pods", true, 65)
                        .view("jobs", true, 65);
    EXPECT_EQ(cause(lagging), "keep");
    EXPECT_EQ(cause(World().phase("created", "11:57:00", "11:58:00").unregistered().no_objects()), "ObjectsVanished");
}

TEST(Defects, W10_DeploymentThatIsEnding_IsNotEndedAgain) {
    EXPECT_EQ(cause(World().phase("terminating", "10:00:00", "11:00:00").no_objects()), "keep");
}

TEST(Defects, W12_PodNotSeenYet_IsNoLostPod) {
    World w = World().phase("created", "11:58:00", "11:59:10").unregistered();
    w.observed["pods"] = Json::array();
    EXPECT_EQ(cause(w.job(0, 0, 0)), "keep");
    EXPECT_EQ(cause(w.job(1, 0, 0)), "keep");
}

TEST(Defects, W20_UnknownErrorOrUnreadableJob_Keeps) {
    World unreadable;
    unreadable.observed["job"] = nullptr;
    unreadable.view("jobs", false, 0);
    EXPECT_EQ(cause(unreadable), "keep");
    World booting = World().phase("registered", "11:30:00", "11:40:00");
    booting.observed["job"] = nullptr;
    EXPECT_EQ(cause(booting.view("jobs", false, 0)), "keep");
}

TEST(Defects, W20_TheGraceOfAYoungDeployment_HoldsForEveryAbsence) {
    for (const char *phase : {"created", "registered", "verified", "active"}) {
        World w = World().phase(phase, "11:59:00", "11:59:30").no_objects().no_instance();
        EXPECT_EQ(cause(w), "keep") << phase;
    }
}

TEST(Defects, H2_DeploymentThatPullsItsImage_IsNotCondemnedForTheMissingInstance) {
    EXPECT_EQ(cause(World().phase("created", "11:40:00", "11:41:00").unregistered().pod("Pending")), "keep");
}

TEST(Defects, H3_InstanceCreatedAfterTheListing_IsNotLost) {
    EXPECT_EQ(cause(World().phase("registered", "11:50:00", "11:57:30").no_instance().view("instances", true, 89)),
              "InstanceLost");
    EXPECT_EQ(cause(World().phase("registered", "11:50:00", "11:57:45").no_instance().view("instances", true, 89)),
              "keep");
    EXPECT_EQ(cause(World().phase("registered", "11:50:00", "11:58:30").no_instance().view("instances", true, 240)),
              "keep");
}

TEST(Defects, H6_EmptyStreamOfInstances_IsNoAnswer) {
    EXPECT_EQ(cause(World().no_instance().view("instances", false, 2)), "keep");
}

TEST(Defects, H10_TerminatedPod_IsSeen_AndReadErrorsKeep) {
    EXPECT_EQ(cause(World().phase("created", "11:20:00", "11:21:00").pod("Failed")), "PodEnded");
    World unreadable = World().phase("created", "11:40:00", "11:41:00").unregistered().no_objects();
    EXPECT_EQ(cause(unreadable.view("jobs", false, 0).view("pods", false, 0)), "keep");
}

TEST(Defects, H13_ClockThatJumpsBack_MakesNothingOld) {
    World w = World().phase("planned", "11:59:00", "11:59:00").no_objects().unregistered();
    w.desired["now"] = "2025-12-31T00:00:00Z";
    EXPECT_EQ(cause(w), "keep");
}

// -- limits, messages, the border

TEST(Limits, OfTheHost_StandAboveThoseOfTheConfiguration) {
    World w = World().phase("planned", "11:50:00", "11:50:00").no_objects().unregistered();
    EXPECT_EQ(cause(w), "keep");
    w.desired["limits"]["stubSeconds"] = 300;
    EXPECT_EQ(cause(w), "StubTimeout");
    w.desired.erase("limits");
    Limits own;
    own.stub = 300;
    EXPECT_EQ(judged(w, own)->cause, "StubTimeout");
}

TEST(Limits, InitTimeout_NeedsASourceThatIsHeard) {
    World w = World().phase("created", "10:00:00", "10:01:00").unregistered();
    EXPECT_EQ(cause(w), "InitTimeout");
    EXPECT_EQ(cause(w.view("instances", false, 0)), "keep");
}

TEST(Reason, OfAFailedJob_TellsThePodsLastWords) {
    const auto action = judged(World().job(0, 0, 1).pod("Failed"));
    ASSERT_TRUE(action);
    EXPECT_THAT(action->reason, HasSubstr("failed=1"));
    EXPECT_THAT(action->reason, HasSubstr("exit code 137"));
    EXPECT_THAT(action->reason, HasSubstr("OOMKilled"));
    EXPECT_THAT(action->reason, HasSubstr("out of memory"));
}

class Border : public ::testing::Test {
protected:
    rig::testing::FakeHost host;
};

TEST_F(Border, Reconcile_ProposesThroughTheTables_AndIsPure) {
    auto made = rig::testing::Instance::create(rig_plugin_v1, host, "{}");
    ASSERT_TRUE(made.ok());
    ASSERT_TRUE(made->start().ok());
    const World w = World().job(0, 0, 1);
    auto once = made->reconcile("d", w.desired.dump(), w.observed.dump());
    auto twice = made->reconcile("d", w.desired.dump(), w.observed.dump());
    ASSERT_TRUE(once.ok());
    EXPECT_EQ(once->size(), 1u);
    EXPECT_EQ(*once, *twice);
}

TEST_F(Border, Reconcile_AsksToLookAgain_WhenALimitIsNear) {
    auto made = rig::testing::Instance::create(rig_plugin_v1, host, "{}");
    ASSERT_TRUE(made->start().ok());
    const World w = World().phase("created", "11:26:00", "11:27:00").unregistered();
    uint64_t again = 0;
    ASSERT_TRUE(made->reconcile("d", w.desired.dump(), w.observed.dump(), &again).ok());
    EXPECT_EQ(again, 61'000'000'000u);
    const World healthy;
    ASSERT_TRUE(made->reconcile("d", healthy.desired.dump(), healthy.observed.dump(), &again).ok());
    EXPECT_EQ(again, 0u);
}

TEST_F(Border, BadDocuments_AreRefused_NotActedUpon) {
    auto made = rig::testing::Instance::create(rig_plugin_v1, host, "{}");
    ASSERT_TRUE(made->start().ok());
    for (const char *text : {"", "[]", "{}", "\xff"}) {
        auto answer = made->reconcile("d", text, "{}");
        ASSERT_FALSE(answer.ok());
        EXPECT_EQ(answer.error().code, RIG_E_INVALID);
    }
}

TEST_F(Border, BadConfiguration_RefusesTheStart) {
    for (const char *config : {R"({"initSeconds":1})", R"({"graceSeconds":"x"})", "[]"}) {
        auto made = rig::testing::Instance::create(rig_plugin_v1, host, config);
        ASSERT_TRUE(made.ok());
        EXPECT_EQ(made->start().error().code, RIG_E_INVALID) << config;
    }
    EXPECT_TRUE(Json::accept(config_schema));
}

} // namespace
} // namespace deployments
