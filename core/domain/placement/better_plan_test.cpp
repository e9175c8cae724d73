// The second stage of the plan: never worse than the first, within every rule, below its bound, and its reasons are
// true.
#include "domain/placement/engine.hpp"
#include "domain/placement/testing/random_market.hpp"
#include "domain/placement/testing/scorers.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace rigger::placement {
namespace {

using testing::MarketShape;
using testing::PackingScorer;
using testing::ProfitScorer;
using testing::RandomMarket;

PlacementEngine engine_with(std::vector<ScorerBinding> scorers, PlacementRules rules = {}) {
    PlacementEngine engine(rules);
    EXPECT_TRUE(engine.set_scorers(std::move(scorers)).ok());
    return engine;
}
std::vector<ScorerBinding> profit() { return {{std::make_shared<ProfitScorer>(), {}}}; }

MarketShape small_shape(bool plain) {
    MarketShape shape;
    shape.offers = 14;
    shape.servers = 8;
    shape.models = 3;
    shape.deployments = plain ? 0 : 6;
    shape.plain = plain;
    return shape;
}

double per_hour(const PlacementPlan &plan) {
    double sum = 0;
    for (const Placement &one : plan.placements)
        sum += one.value * std::max(one.server->hourly_cost, PlacementRules{}.cost_floor) *
               std::max(1, one.offer->needs.gpu_count);
    return sum;
}

TEST(BetterPlan, KeepsTheRules_EarnsNoLess_AndStaysBelowItsBound) {
    size_t bounded = 0, better = 0;
    for (uint64_t seed = 1; seed <= 600; ++seed) {
        RandomMarket random(seed);
        const auto snapshot = random.snapshot(small_shape(seed % 2 == 0));
        PlacementRules greedy_rules;
        greedy_rules.improvement_steps = 0;
        const auto greedy = engine_with(profit(), greedy_rules).plan(snapshot);
        const auto plan = engine_with(profit()).plan(snapshot);
        ASSERT_TRUE(plan.ok() && greedy.ok());
        ASSERT_FALSE(greedy->per_hour);
        if (!plan->per_hour) continue;
        ++bounded;
        const WorthPerHour &worth = *plan->per_hour;
        ASSERT_NEAR(worth.value, per_hour(*plan), 1e-9 * (1 + worth.value)) << "seed " << seed;
        ASSERT_NEAR(worth.best_first, per_hour(*greedy), 1e-9 * (1 + worth.value)) << "seed " << seed;
        ASSERT_GE(worth.value, worth.best_first) << "seed " << seed;
        ASSERT_GE(worth.at_most, worth.value) << "seed " << seed;
        better += worth.value > worth.best_first;
        std::set<std::pair<OfferId, ServerId>> pairs;
        std::map<GpuId, int> taken;
        std::map<OfferId, int> copies;
        for (const Placement &one : plan->placements) {
            ASSERT_TRUE(pairs.emplace(one.offer->id, one.server->id).second) << "seed " << seed;
            for (const GpuId &gpu : one.gpus)
                ASSERT_LE(taken[gpu] += one.offer->needs.gpu_milli, 1000) << "seed " << seed;
            ++copies[one.offer->id];
            const auto why = engine_with(profit()).operator_rejections(snapshot, one.offer->id, one.server->id);
            ASSERT_TRUE(why.ok() && why->empty()) << "seed " << seed;
            ASSERT_LE(copies[one.offer->id], one.offer->max_instances.value_or(1000)) << "seed " << seed;
        }
    }
    EXPECT_GT(bounded, 400u);
    EXPECT_GT(better, 50u);
}

TEST(BetterPlan, FillsAServerWithFewLargeOffers_WhereManySmallOnesPayBetterPerDollarButLessInAll) {
    auto snapshot = RandomMarket(1).snapshot({});
    auto made = std::make_shared<Snapshot>(*snapshot);
    RandomMarket random(1);
    MarketShape shape;
    shape.models = 1;
    shape.models_per_offer = 1;
    shape.fixed_gpus = shape.plain = true;
    made->offers = {random.offer(0, shape), random.offer(1, shape)};
    made->servers = {random.server(0, shape)};
    const auto offer = [&](size_t at, int gpus, double compute) {
        auto one = std::make_shared<Offer>(*made->offers[at]);
        one->needs.gpu_count = gpus;
        one->preemptible = true;
        one->economics.compute_multiplier = 1;
        one->economics.total_compute_time = compute;
        one->economics.rate_limit_count = one->economics.instance_count = 0;
        made->offers.set(at, one);
    };
    offer(0, 1, 1100); // 1100 per GPU, but one copy per server
    offer(1, 8, 8000); // 1000 per GPU
    made->deployments = {};
    made->failures.clear();
    made->backoffs.clear();
    made->bans.clear();
    const auto plan = engine_with(profit()).plan(made);
    ASSERT_TRUE(plan.ok() && plan->per_hour);
    ASSERT_EQ(plan->placements.size(), 1u);
    EXPECT_EQ(plan->placements[0].offer->id, made->offers[1]->id);
    EXPECT_TRUE(plan->placements[0].exchanged);
    EXPECT_NE(plan->placements[0].reason().find("the plan as a whole earns more"), std::string::npos);
    EXPECT_DOUBLE_EQ(plan->per_hour->best_first, 1100);
    EXPECT_DOUBLE_EQ(plan->per_hour->value, 8000);
    EXPECT_LT(plan->per_hour->gap(), 0.01);
}

TEST(BetterPlan, SaysWhyItHasNoBound) {
    const auto snapshot = RandomMarket(3).snapshot(small_shape(true));
    const auto preferring =
        engine_with({{std::make_shared<ProfitScorer>(), {}}, {std::make_shared<PackingScorer>(), {}}}).plan(snapshot);
    ASSERT_TRUE(preferring.ok());
    EXPECT_FALSE(preferring->per_hour);
    EXPECT_EQ(preferring->unbounded, "preference scorers are active");
    const auto worthless = engine_with({}).plan(snapshot);
    ASSERT_TRUE(worthless.ok());
    EXPECT_EQ(worthless->unbounded, "the value scorers do not all state values per USD");
}

} // namespace
} // namespace rigger::placement
