#include "validator.hpp"

#include <nlohmann/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace catalog {
namespace {

using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr WallNs wall_second = 1'000'000'000;
constexpr WallNs start = 1767225600 * wall_second;

class ValidatorTest : public ::testing::Test {
protected:
    ValidatorTest() {
        config.verify_seconds = 20;
        config.activate_seconds = 10;
        Chute c;
        c.id = "c";
        c.name = "demo";
        c.version = "v1";
        c.gpu_count = 2;
        items.chutes.push_back(c);
        c.id = "p";
        c.name = "private";
        c.preemptible = false;
        items.chutes.push_back(c);
        items.metrics["c"].instances = 3;
        items.utilization["c"] = {true, false, 5.0, 3.0, 3.0};
    }
    Market market() const { return Market(items, MultiplierFrom::metrics); }

    rig::Result<std::string> claim(const char *id, const char *offer = "c",
                                   const char *request = R"({"version":"v1","gpuModel":"h100","gpuCount":2})") {
        auto granted = validator.claim(now, id, offer, request, market());
        if (!granted.ok()) return granted.error();
        validator.apply(granted->changes);
        if (granted->refused) return *granted->refused;
        return granted->document;
    }
    std::string announce(const char *id) {
        auto announced = validator.announce(now, Json{{"id", id}}.dump());
        if (!announced.ok()) return announced.error().reason;
        take(announced->changes);
        return announced->document;
    }
    void pass(double seconds) {
        now += static_cast<WallNs>(seconds * 1e9);
        take(validator.due(now, market()));
    }
    void take(const Changes &changes) {
        for (const Event &e : changes.events) types.push_back(Json::parse(e.document)["type"]);
        for (const Event &e : changes.events) events.push_back(Json::parse(e.document));
        validator.apply(changes);
    }

    ValidatorConfig config;
    Items items;
    Validator validator{config};
    WallNs now = start;
    std::vector<std::string> types;
    std::vector<Json> events;
};

TEST_F(ValidatorTest, Claim_GivesATokenAndAConfigId) {
    auto grant = claim("d1");
    ASSERT_TRUE(grant.ok()) << grant.error().message;
    const Json g = Json::parse(*grant);
    EXPECT_GE(g["token"].get<std::string>().size(), 64u);
    EXPECT_EQ(g["configId"].get<std::string>().size(), 36u);
}

TEST_F(ValidatorTest, Claim_Repeated_GivesTheSameGrant_EvenWhenTheMarketChanged) {
    auto first = claim("d1");
    items.utilization["c"].scalable = false;
    items.chutes.clear();
    auto second_time = claim("d1");
    ASSERT_TRUE(second_time.ok());
    EXPECT_EQ(*first, *second_time);
}

TEST_F(ValidatorTest, Claims_OfTwoDeployments_Differ) { EXPECT_NE(*claim("d1"), *claim("d2")); }

TEST_F(ValidatorTest, Claim_OfAnUnknownOffer_IsNotFound) {
    const auto grant = claim("d1", "nobody");
    ASSERT_FALSE(grant.ok());
    EXPECT_EQ(grant.error().code, RIG_E_NOT_FOUND);
}

TEST_F(ValidatorTest, Claim_IsForTheVersionThatTheMarketListsNow) {
    ASSERT_TRUE(claim("d1", "c", R"({"version":"v0"})").ok());
    announce("d1");
    EXPECT_EQ(validator.instances().begin()->second.version, "v1");
}

TEST_F(ValidatorTest, Claim_WithoutADocument_IsInvalid) {
    EXPECT_EQ(claim("d1", "c", "nonsense").error().code, RIG_E_INVALID);
    EXPECT_EQ(claim("", "c").error().code, RIG_E_INVALID);
}

TEST_F(ValidatorTest, Claim_OfAChuteThatDoesNotScale_IsExhausted_AndSaysWhenToAskAgain) {
    items.utilization["c"].scalable = false;
    const auto grant = claim("d1");
    ASSERT_FALSE(grant.ok());
    EXPECT_EQ(grant.error().code, RIG_E_EXHAUSTED);
    EXPECT_GT(grant.error().retry_after_ms, 0u);
}

TEST_F(ValidatorTest, Claim_DuringARollingUpdate_IsExhausted) {
    items.utilization["c"].update_in_progress = true;
    EXPECT_EQ(claim("d1").error().reason, "RollingUpdate");
}

TEST_F(ValidatorTest, Claim_OfAPrivateChute_NeedsNoUtilization) { EXPECT_TRUE(claim("d1", "p").ok()); }

TEST_F(ValidatorTest, Claim_WithoutScalingRule_IsNeverExhausted) {
    config.scaling = ValidatorConfig::Scaling::none;
    items.utilization["c"].scalable = false;
    EXPECT_TRUE(claim("d1").ok());
}

struct RuleCase {
    const char *name;
    double all, active, target;
    bool updating;
    int own;
    bool allowed;
};

TEST_F(ValidatorTest, PublicRule_DecidesAsTheValidatorDoes) {
    const RuleCase cases[] = {
        {"no active ones: a little above the target is allowed", 4, 0, 2, false, 0, true},
        {"no active ones, far above the target", 5, 0, 2, false, 0, false},
        {"at the target", 5, 5, 5, false, 0, false},
        {"below the target", 2, 2, 5, false, 0, true},
        {"a rolling update near the target", 5, 5, 5, true, 0, true},
        {"a rolling update far below", 1, 1, 9, true, 0, true},
        {"the last places, when all are ours", 0, 0, 4, false, 3, false},
        {"the last places, when others run too", 1, 1, 5, false, 2, true},
    };
    for (const RuleCase &c : cases) {
        Validator fresh(config);
        config.scaling = ValidatorConfig::Scaling::public_rule;
        items.utilization["c"] = {false, c.updating, c.target, c.all, c.active};
        for (int i = 0; i < c.own; ++i) {
            Changes changes;
            changes.instances.push_back({"i" + std::to_string(i), "x", "c", "v1", "g", "h100", 2, start, start, start});
            fresh.apply(changes);
        }
        EXPECT_EQ(fresh.claim(start, "d", "c", "{}", market()).ok(), c.allowed) << c.name;
    }
}

TEST_F(ValidatorTest, Announce_CreatesTheInstance_OnceAndForAll) {
    const Json grant = Json::parse(*claim("d1"));
    const Json answer = Json::parse(announce("d1"));
    ASSERT_EQ(validator.instances().size(), 1u);
    const catalog::Instance &i = validator.instances().begin()->second;
    EXPECT_EQ(answer["instanceId"], i.id);
    EXPECT_EQ(i.config_id, grant["configId"]);
    EXPECT_EQ(i.version, "v1");
    EXPECT_EQ(Json::parse(announce("d1")), answer);
    EXPECT_THAT(types, ElementsAre("instance_created"));
    EXPECT_EQ(events[0]["data"]["config_id"], grant["configId"]);
    EXPECT_EQ(events[0]["data"]["gpu_count"], 2);
}

TEST_F(ValidatorTest, Announce_WithoutAClaim_IsDenied) { EXPECT_EQ(announce("d1"), "UnknownClaim"); }

TEST_F(ValidatorTest, Announce_ByEvent_AnswersNothing) {
    config.register_by_event = true;
    (void)claim("d1");
    EXPECT_EQ(announce("d1"), "{}");
    EXPECT_THAT(types, ElementsAre("instance_created"));
}

TEST_F(ValidatorTest, Instance_IsVerifiedAndThenActive_WhenItsTimeHasCome) {
    (void)claim("d1");
    announce("d1");
    pass(19);
    EXPECT_FALSE(validator.instances().begin()->second.verified);
    pass(1);
    EXPECT_TRUE(validator.instances().begin()->second.verified);
    EXPECT_FALSE(validator.instances().begin()->second.active);
    EXPECT_EQ(validator.active_instances("c"), 0);
    pass(10);
    EXPECT_TRUE(validator.instances().begin()->second.active);
    EXPECT_EQ(validator.active_instances("c"), 1);
    EXPECT_THAT(types, ElementsAre("instance_created", "instance_verified", "instance_activated"));
    EXPECT_EQ(events[1]["at"], "2026-01-01T00:00:20Z");
}

TEST_F(ValidatorTest, LongSilence_BringsBothStepsAtTheirOwnTimes) {
    (void)claim("d1");
    announce("d1");
    pass(3600);
    EXPECT_EQ(events[1]["at"], "2026-01-01T00:00:20Z");
    EXPECT_EQ(events[2]["at"], "2026-01-01T00:00:30Z");
}

TEST_F(ValidatorTest, ClockThatJumpsBack_ChangesNothing) {
    (void)claim("d1");
    announce("d1");
    pass(-7200);
    EXPECT_FALSE(validator.instances().begin()->second.verified);
    EXPECT_EQ(validator.claims().size(), 1u);
}

TEST_F(ValidatorTest, Release_DeletesInstanceAndClaim_AndIsIdempotent) {
    (void)claim("d1");
    const Json answer = Json::parse(announce("d1"));
    const std::string request =
        Json{{"deploymentId", "d1"}, {"claimId", "d1"}, {"instanceId", answer["instanceId"]}, {"offerId", "c"}}.dump();
    auto changes = validator.release(now, request);
    ASSERT_TRUE(changes.ok());
    take(*changes);
    EXPECT_TRUE(validator.instances().empty());
    EXPECT_TRUE(validator.claims().empty());
    EXPECT_EQ(types.back(), "instance_deleted");
    auto again = validator.release(now, request);
    ASSERT_TRUE(again.ok());
    EXPECT_TRUE(again->empty());
}

TEST_F(ValidatorTest, Release_OfAnInstanceAlone_FindsIt) {
    (void)claim("d1");
    const Json answer = Json::parse(announce("d1"));
    take(*validator.release(now, Json{{"instanceId", answer["instanceId"]}}.dump()));
    EXPECT_TRUE(validator.instances().empty());
}

// Defect H14 of the system this replaces: a release without an instance id must not delete anything by accident.
TEST_F(ValidatorTest, H14_ReleaseWithoutIds_ChangesNothing) {
    (void)claim("d1");
    announce("d1");
    EXPECT_TRUE(validator.release(now, R"({"instanceId":null,"deploymentId":"","reason":"x"})")->empty());
    EXPECT_TRUE(validator.release(now, "{}")->empty());
}

TEST_F(ValidatorTest, UnusedClaim_RunsOut) {
    (void)claim("d1");
    (void)claim("d2");
    announce("d2");
    pass(7199);
    EXPECT_EQ(validator.claims().size(), 2u);
    pass(1);
    EXPECT_EQ(validator.claims().size(), 1u);
    EXPECT_TRUE(validator.claims().contains("d2"));
}

TEST_F(ValidatorTest, ScriptedRefusal_ComesAsOftenAsTold) {
    config.script = {{ScriptRule::When::claim, "demo", "denied", "not you", 2, 0, 30}};
    EXPECT_EQ(claim("d1").error().code, RIG_E_DENIED);
    EXPECT_THAT(claim("d1").error().message, HasSubstr("not you"));
    EXPECT_TRUE(claim("d1").ok());
}

TEST_F(ValidatorTest, ScriptedRefusal_HasEachOfItsForms) {
    const std::pair<const char *, rig_code> forms[] = {{"exhausted", RIG_E_EXHAUSTED},
                                                       {"denied", RIG_E_DENIED},
                                                       {"not-found", RIG_E_NOT_FOUND},
                                                       {"unavailable", RIG_E_UNAVAILABLE}};
    for (const auto &[answer, code] : forms) {
        config.script = {{ScriptRule::When::claim, "*", answer, "m", 1, 0, 30}};
        Validator fresh(config);
        const auto granted = fresh.claim(now, "d", "c", "{}", market());
        ASSERT_TRUE(granted.ok());
        EXPECT_EQ(rig::Result<Validator::Granted>(granted)->refused->code, code);
    }
}

TEST_F(ValidatorTest, ScriptedRule_ForAnotherOffer_DoesNotApply) {
    config.script = {{ScriptRule::When::claim, "other", "denied", "m", 1, 0, 30}};
    EXPECT_TRUE(claim("d1").ok());
}

TEST_F(ValidatorTest, ScriptedFailureOfTheProof_DeletesTheInstance_AndBurnsTheToken) {
    config.script = {{ScriptRule::When::verify, "*", "", "proof wrong", 1, 0, 0}};
    (void)claim("d1");
    announce("d1");
    pass(20);
    EXPECT_TRUE(validator.instances().empty());
    EXPECT_THAT(types, ElementsAre("instance_created", "instance_deleted"));
    EXPECT_EQ(events.back()["message"], "proof wrong");
    EXPECT_EQ(announce("d1"), "ClaimBurnt");
}

TEST_F(ValidatorTest, BurntClaim_Repeated_GetsANewGrant) {
    config.script = {{ScriptRule::When::activate, "*", "", "late", 1, 0, 0}};
    auto first = claim("d1");
    announce("d1");
    pass(30);
    auto next = claim("d1");
    ASSERT_TRUE(next.ok());
    EXPECT_NE(*first, *next);
    EXPECT_THAT(announce("d1"), HasSubstr("instanceId"));
}

TEST_F(ValidatorTest, ScriptedDeletion_ComesAfterItsTimeInTheActiveState) {
    config.script = {{ScriptRule::When::active, "c", "", "scaled down", 1, 600, 0}};
    (void)claim("d1");
    announce("d1");
    pass(30);
    pass(599);
    EXPECT_EQ(validator.instances().size(), 1u);
    pass(1);
    EXPECT_TRUE(validator.instances().empty());
    EXPECT_EQ(types.back(), "instance_deleted");
}

TEST_F(ValidatorTest, DeleteInstances_TakesTheOldestFirst) {
    for (const char *id : {"d1", "d2", "d3"}) {
        (void)claim(id);
        announce(id);
        now += wall_second;
    }
    take(validator.delete_instances(now, "demo", market(), 2, "m"));
    ASSERT_EQ(validator.instances().size(), 1u);
    EXPECT_EQ(validator.instances().begin()->second.claim_id, "d3");
    EXPECT_TRUE(validator.delete_instances(now, "other", market(), 2, "m").empty());
}

TEST_F(ValidatorTest, EventIds_AreEqualForEqualEvents) {
    (void)claim("d1");
    auto one = validator.announce(now, R"({"id":"d1"})"), two = validator.announce(now + wall_second, R"({"id":"d1"})");
    EXPECT_EQ(one->changes.events[0].id, two->changes.events[0].id);
}

} // namespace
} // namespace catalog
