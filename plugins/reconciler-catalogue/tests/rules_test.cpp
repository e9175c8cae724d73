#include "reconciler.hpp"

#include <rigger/sdk/testing.hpp>

#include <nlohmann/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace catalogue {
namespace {

using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CatalogueTest : public ::testing::Test {
protected:
    CatalogueTest() {
        desired = {{"now", "2026-01-01T12:00:00Z"}, {"deployments", Json::array()}};
        observed = {{"offers", Json::array()},
                    {"instances", Json::array()},
                    {"stored", Json::array()},
                    {"views", {{"offers", {{"complete", true}, {"ageSeconds", 5}, {"generation", 3}}}}}};
        for (const char *id : {"a", "b", "c"}) offer(id), stored(id);
    }
    void offer(const std::string &id, const char *version = "v1") {
        observed["offers"].push_back({{"id", id}, {"version", version}});
    }
    void stored(const std::string &id, const char *version = "v1") {
        observed["stored"].push_back({{"id", id}, {"version", version}});
    }
    void unlist(const std::string &id) {
        Json kept = Json::array();
        for (const Json &o : observed["offers"])
            if (o["id"] != id) kept.push_back(o);
        observed["offers"] = kept;
    }
    void deployment(const char *id, const char *offer_id, const char *phase = "active", const char *version = "v1",
                    const char *since = "2026-01-01T11:00:00Z") {
        desired["deployments"].push_back({{"id", id},
                                          {"offerId", offer_id},
                                          {"offerName", offer_id},
                                          {"version", version},
                                          {"phase", phase},
                                          {"createdAt", "2026-01-01T10:00:00Z"},
                                          {"phaseSince", since}});
    }
    /// "terminate/d OfferGone absence"
    std::vector<std::string> verdict(const Limits &limits = {}) {
        auto facts = reconcile::read_source(desired.dump(), observed.dump());
        if (!facts.ok()) throw std::runtime_error(facts.error().message);
        const Verdict v = judge("s", *facts, limits);
        held = v.held;
        std::vector<std::string> words;
        for (const auto &a : v.actions)
            words.push_back(a.id() + " " + a.cause +
                            (a.evidence == reconcile::Evidence::definite  ? " definite"
                             : a.evidence == reconcile::Evidence::absence ? " absence"
                                                                          : " policy"));
        return words;
    }
    Json desired, observed;
    std::string held;
};

TEST_F(CatalogueTest, MarketAsStored_AsksForNothing) {
    deployment("d", "a");
    EXPECT_THAT(verdict(), IsEmpty());
    EXPECT_EQ(held, "");
}

TEST_F(CatalogueTest, OfferThatIsGone_EndsItsDeployments) {
    deployment("d", "a");
    deployment("e", "a", "created");
    deployment("f", "b");
    unlist("a");
    EXPECT_THAT(verdict(), ElementsAre("terminate/d OfferGone absence", "terminate/e OfferGone absence"));
}

TEST_F(CatalogueTest, OfferThatIsGone_IsForgotten_OnceNothingUsesIt) {
    unlist("a");
    EXPECT_THAT(verdict(), ElementsAre("delete-offer/s/a OfferGone absence"));
    deployment("d", "a", "terminating");
    EXPECT_THAT(verdict(), IsEmpty());
}

TEST_F(CatalogueTest, ChangedOffer_EndsDeploymentsOfTheOldVersion) {
    unlist("a");
    offer("a", "v2");
    deployment("old", "a", "active", "v1");
    deployment("new", "a", "active", "v2");
    deployment("ending", "a", "terminating", "v1");
    EXPECT_THAT(verdict(), ElementsAre("terminate/old VersionChanged definite"));
}

TEST_F(CatalogueTest, RollingUpdate_EndsNothing) {
    unlist("a");
    observed["offers"].push_back({{"id", "a"}, {"version", "v2"}, {"updateInProgress", true}});
    deployment("d", "a");
    EXPECT_THAT(verdict(), IsEmpty());
}

TEST_F(CatalogueTest, Job_KeepsItsVersion_ButEndsWithItsOffer) {
    deployment("d", "a");
    desired["deployments"][0]["jobId"] = "j";
    unlist("a");
    offer("a", "v2");
    EXPECT_THAT(verdict(), IsEmpty());
    unlist("a");
    EXPECT_THAT(verdict(), ElementsAre("terminate/d OfferGone absence"));
}

TEST_F(CatalogueTest, UnknownVersions_CompareWithNothing) {
    unlist("a");
    offer("a", "");
    deployment("d", "a");
    EXPECT_THAT(verdict(), IsEmpty());
}

TEST_F(CatalogueTest, NewOffer_IsTheHostsToStore) {
    offer("z");
    EXPECT_THAT(verdict(), IsEmpty());
}

// -- safety

TEST_F(CatalogueTest, H6_EmptyMarket_ProvesNothing) {
    deployment("d", "a");
    observed["offers"] = Json::array();
    EXPECT_THAT(verdict(), IsEmpty());
    EXPECT_THAT(held, HasSubstr("empty"));
}

TEST_F(CatalogueTest, W2_W3_IncompleteOrOldView_ProvesNothing) {
    deployment("d", "a");
    unlist("a");
    for (const Json &view : {Json{{"complete", false}, {"ageSeconds", 1}},
                             Json{{"complete", true}, {"ageSeconds", 100}}, Json(nullptr), Json::object()}) {
        observed["views"]["offers"] = view;
        EXPECT_THAT(verdict(), IsEmpty()) << view;
        EXPECT_THAT(held, HasSubstr("incomplete"));
    }
    observed.erase("views");
    EXPECT_THAT(verdict(), IsEmpty());
}

TEST_F(CatalogueTest, CutMarket_ProvesNothing_AndSaysSo) {
    for (int i = 0; i < 40; ++i) stored("x" + std::to_string(i));
    for (int i = 0; i < 5; ++i) offer("x" + std::to_string(i));
    EXPECT_THAT(verdict(), IsEmpty());
    EXPECT_THAT(held, HasSubstr("35 of 43"));
}

TEST_F(CatalogueTest, CutMarket_StillTellsOfChangedVersions) {
    for (int i = 0; i < 40; ++i) stored("x" + std::to_string(i));
    unlist("a");
    offer("a", "v2");
    deployment("d", "a");
    deployment("e", "x3");
    EXPECT_THAT(verdict(), ElementsAre("terminate/d VersionChanged definite"));
}

TEST_F(CatalogueTest, FewMissing_AreBelieved_WhateverTheirShare) {
    unlist("a");
    unlist("b");
    EXPECT_EQ(verdict().size(), 2u);
}

TEST_F(CatalogueTest, W9_DeploymentYoungerThanTheListing_IsNotCondemnedByIt) {
    deployment("d", "a", "planned", "v1", "2026-01-01T11:59:10Z");
    unlist("a");
    EXPECT_THAT(verdict(), IsEmpty());
}

TEST_F(CatalogueTest, W24_DeploymentOfAnOfferThatWasNeverStored_IsJudgedByTheListing) {
    deployment("d", "q");
    EXPECT_THAT(verdict(), ElementsAre("terminate/d OfferGone absence"));
}

TEST_F(CatalogueTest, Border_ProposesThroughTheTables_AndWarnsWhenItHoldsBack) {
    rig::testing::FakeHost host;
    auto made = rig::testing::Instance::create(rig_plugin_v1, host, "{}");
    ASSERT_TRUE(made.ok());
    ASSERT_TRUE(made->start().ok());
    unlist("a");
    auto actions = made->reconcile("s", desired.dump(), observed.dump());
    ASSERT_TRUE(actions.ok());
    ASSERT_EQ(actions->size(), 1u);
    EXPECT_EQ(Json::parse((*actions)[0].document)["target"], (Json{{"source", "s"}, {"offerId", "a"}}));
    observed["offers"] = Json::array();
    ASSERT_TRUE(made->reconcile("s", desired.dump(), observed.dump()).ok());
    EXPECT_TRUE(host.logged("nothing follows from it"));
    EXPECT_EQ(made->reconcile("s", "{", "{}").error().code, RIG_E_INVALID);
    auto bad = rig::testing::Instance::create(rig_plugin_v1, host, R"({"maxMissingShare":2})");
    EXPECT_EQ(bad->start().error().code, RIG_E_INVALID);
    EXPECT_TRUE(Json::accept(config_schema));
}

} // namespace
} // namespace catalogue
