// The engine against a reference that looks at every pair one by one, on thousands of random snapshots.
#include "domain/placement/engine.hpp"
#include "domain/placement/testing/random_market.hpp"
#include "domain/placement/testing/reference.hpp"
#include "domain/placement/testing/scorers.hpp"

#include <gtest/gtest.h>

namespace rigger::placement {
namespace {

using testing::bound;
using testing::CoarseScorer;
using testing::MarketShape;
using testing::PackingScorer;
using testing::ProfitScorer;
using testing::RandomMarket;
using testing::Reference;
using testing::ReferencePair;
using testing::Scorers;

Scorers scorers_of(int mix) {
    switch (mix) {
    case 0: return {std::make_shared<ProfitScorer>()};
    case 1: return {std::make_shared<ProfitScorer>(), std::make_shared<PackingScorer>(0.5)};
    case 2:
        return {std::make_shared<PackingScorer>(1.0, true), std::make_shared<CoarseScorer>(ScoreRole::preference, 0.3)};
    case 3: return {std::make_shared<CoarseScorer>(ScoreRole::value, 0.2)};
    default: return {};
    }
}

MarketShape random_shape(RandomMarket &random) {
    MarketShape shape;
    shape.offers = static_cast<size_t>(random.below(12));
    shape.servers = static_cast<size_t>(random.below(9));
    shape.models = 1 + random.below(4);
    shape.prices = random.below(4);
    shape.deployments = static_cast<size_t>(random.below(8));
    return shape;
}

PlacementRules random_rules(RandomMarket &random, const Snapshot &snapshot) {
    PlacementRules rules;
    rules.improvement_steps = 0; // the greedy plan is what is compared
    if (random.chance(0.2)) {
        rules.whitelist.emplace();
        for (const OfferPtr &offer : snapshot.offers)
            if (random.chance(0.5)) rules.whitelist->insert(offer->id);
    }
    if (random.chance(0.2)) rules.max_copies_per_offer = 1 + random.below(3);
    if (random.chance(0.2)) rules.max_actions = static_cast<size_t>(1 + random.below(4));
    if (random.chance(0.2)) rules.min_value = random.below(3);
    if (random.chance(0.2)) rules.preference_share = 0.25;
    for (const OfferPtr &offer : snapshot.offers)
        if (random.chance(0.02)) rules.banned.insert(offer->id);
    return rules;
}

std::string name_of(const Offer *offer, const Server *server, const std::string &model) {
    return offer->id.str() + " on " + server->name + " " + model;
}

class AgainstReference : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(ScorerMixes, AgainstReference, ::testing::Range(0, 5));

TEST_P(AgainstReference, Plan_IsTheNaiveGreedyPlan) {
    size_t placed = 0, retried = 0;
    for (uint64_t seed = 1; seed <= 700; ++seed) {
        RandomMarket random(seed * 5 + static_cast<uint64_t>(GetParam()));
        const auto snapshot = random.snapshot(random_shape(random));
        const PlacementRules rules = random_rules(random, *snapshot);
        const Scorers scorers = scorers_of(GetParam());
        PlacementEngine engine(rules);
        ASSERT_TRUE(engine.set_scorers(bound(scorers)).ok());
        const auto plan = engine.plan(snapshot);
        ASSERT_TRUE(plan.ok()) << plan.error().message;
        const std::vector<ReferencePair> expected = Reference(*snapshot, rules, scorers).plan();
        ASSERT_EQ(plan->placements.size(), expected.size()) << "seed " << seed;
        for (size_t i = 0; i < expected.size(); ++i) {
            const Placement &got = plan->placements[i];
            ASSERT_EQ(name_of(got.offer.get(), got.server.get(), got.model),
                      name_of(expected[i].offer, expected[i].server, expected[i].model))
                << "seed " << seed << " step " << i << " value " << got.value << " expected " << expected[i].value;
            ASSERT_EQ(got.gpus, expected[i].gpus) << "seed " << seed << " step " << i;
            ASSERT_DOUBLE_EQ(got.value, expected[i].value);
            ASSERT_EQ(got.retry_of_failed, expected[i].retry);
            retried += got.retry_of_failed;
        }
        placed += expected.size();
    }
    EXPECT_GT(placed, 500u); // the comparison is not about nothing
    EXPECT_GT(retried, 0u);
}

TEST_P(AgainstReference, Pairs_AreRankedAsTheReferenceDoes) {
    size_t listed = 0;
    for (uint64_t seed = 1; seed <= 500; ++seed) {
        RandomMarket random(seed * 11 + static_cast<uint64_t>(GetParam()));
        const auto snapshot = random.snapshot(random_shape(random));
        const Scorers scorers = scorers_of(GetParam());
        PlacementEngine engine;
        ASSERT_TRUE(engine.set_scorers(bound(scorers)).ok());
        const auto ranking = engine.rank_pairs(snapshot);
        ASSERT_TRUE(ranking.ok());
        const std::vector<ReferencePair> expected = Reference(*snapshot, {}, scorers).rank_pairs();
        ASSERT_EQ(ranking->items.size(), expected.size()) << "seed " << seed;
        for (size_t i = 0; i < expected.size(); ++i) {
            const RankedPair &got = ranking->items[i];
            ASSERT_EQ(name_of(got.offer, got.server, std::string(got.model)),
                      name_of(expected[i].offer, expected[i].server, expected[i].model))
                << "seed " << seed << " place " << i;
            ASSERT_DOUBLE_EQ(got.value, expected[i].value);
        }
        listed += expected.size();
    }
    EXPECT_GT(listed, 1000u);
}

TEST_P(AgainstReference, RunnerUp_IsTheSecondBestPairOfItsMoment) {
    for (uint64_t seed = 1; seed <= 200; ++seed) {
        RandomMarket random(seed * 3 + static_cast<uint64_t>(GetParam()));
        const auto snapshot = random.snapshot(random_shape(random));
        const Scorers scorers = scorers_of(GetParam());
        PlacementRules rules;
        rules.max_actions = 1;
        PlacementEngine engine(rules);
        ASSERT_TRUE(engine.set_scorers(bound(scorers)).ok());
        const auto plan = engine.plan(snapshot);
        ASSERT_TRUE(plan.ok());
        const std::vector<ReferencePair> expected = Reference(*snapshot, rules, scorers).candidates();
        if (expected.empty()) continue;
        const auto &runner_up = plan->placements.at(0).runner_up;
        ASSERT_EQ(runner_up.has_value(), expected.size() > 1) << "seed " << seed;
        if (!runner_up) continue;
        ASSERT_EQ(runner_up->offer->id, expected[1].offer->id) << "seed " << seed;
        ASSERT_EQ(runner_up->server->id, expected[1].server->id) << "seed " << seed;
        ASSERT_DOUBLE_EQ(runner_up->value, expected[1].value);
    }
}

TEST_P(AgainstReference, Plan_DoesNotDependOnTheOrderOfTheSnapshot) {
    for (uint64_t seed = 1; seed <= 150; ++seed) {
        RandomMarket random(seed * 7 + static_cast<uint64_t>(GetParam()));
        auto snapshot = random.snapshot(random_shape(random));
        const Scorers scorers = scorers_of(GetParam());
        PlacementEngine engine, other;
        ASSERT_TRUE(engine.set_scorers(bound(scorers)).ok());
        ASSERT_TRUE(other.set_scorers(bound(scorers)).ok());
        const auto plan = engine.plan(snapshot);
        auto shuffled = std::make_shared<Snapshot>(*snapshot);
        random.shuffle(*shuffled);
        const auto again = other.plan(shuffled);
        ASSERT_TRUE(plan.ok() && again.ok());
        ASSERT_EQ(plan->placements.size(), again->placements.size());
        for (size_t i = 0; i < plan->placements.size(); ++i) {
            ASSERT_EQ(plan->placements[i].offer->id, again->placements[i].offer->id) << "seed " << seed;
            ASSERT_EQ(plan->placements[i].server->id, again->placements[i].server->id) << "seed " << seed;
            ASSERT_EQ(plan->placements[i].gpus, again->placements[i].gpus) << "seed " << seed;
            ASSERT_EQ(plan->placements[i].value, again->placements[i].value);
        }
    }
}

} // namespace
} // namespace rigger::placement
