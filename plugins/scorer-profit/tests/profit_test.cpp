#include "profit.hpp"

#include <rigger/sdk/testing.hpp>

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <random>

namespace profit {
namespace {

using rig::testing::ScoreTable;

struct OfferRow {
    double gpus = 1, multiplier = 1, compute_time = 0, calls = 1, rate_limits = 0, instances = 0, is_private = 0;
};

const rig_placement_scorer &spec() { return rig::detail::ScorerKind<ProfitScorer>::table; }

ScoreTable table_of(const std::vector<OfferRow> &rows, const std::vector<double> &prices) {
    std::vector<double> columns[7];
    for (const OfferRow &r : rows) {
        const double values[] = {r.gpus,        r.multiplier, r.compute_time, r.calls,
                                 r.rate_limits, r.instances,  r.is_private};
        for (size_t i = 0; i < 7; ++i) columns[i].push_back(values[i]);
    }
    ScoreTable table(spec(), rows.size(), prices.size());
    table.candidate("node.price", prices);
    for (size_t i = 0; i < 7; ++i) table.workload(ProfitScorer::workload_columns[i].name, columns[i]);
    return table;
}

/// The rule as the replaced system states it, written down once more and independently.
double reference_gain(const OfferRow &o) {
    const double rl = o.instances >= 5 ? o.rate_limits / 5 : o.rate_limits;
    const double u = o.compute_time * o.multiplier, c = o.calls == 0 ? 1 : o.calls;
    return (u + (u / c) * rl) / (o.instances + 1);
}
double reference_value(const OfferRow &o, double cost) {
    return o.is_private != 0 ? (3600 * o.multiplier * 16) / (cost * o.gpus) : reference_gain(o) / (cost * o.gpus);
}

ProfitScorer scorer(const char *config = "{}") { return {rig::Host(nullptr), config}; }

void run(ProfitScorer &s, ScoreTable &table) {
    ASSERT_TRUE(s.score(rig::ScoreBatch(table.batch())).ok());
    EXPECT_TRUE(table.guards_intact());
    EXPECT_TRUE(table.columns_intact());
}

double one_value(const OfferRow &offer, double price, const char *config = "{}") {
    ProfitScorer s = scorer(config);
    ScoreTable table = table_of({offer}, {price});
    run(s, table);
    return table.at(0, 0);
}

double one_gain(const OfferRow &offer, const char *config = "{}") {
    ProfitScorer s = scorer(config);
    ScoreTable table = table_of({offer}, {1});
    double value = NAN;
    EXPECT_TRUE(s.appraise(rig::WorkloadTable(table.batch().workloads), &value).ok());
    return value;
}

TEST(Profit, Gain_FollowsTheRule) {
    // U = 1000 x 0.5 = 500, per call 5, 20 limited calls: 600 shared by 4.
    EXPECT_DOUBLE_EQ(one_gain({2, 0.5, 1000, 100, 20, 3, 0}), 150);
}

TEST(Profit, Gain_CountsAFifthOfTheRateLimits_FromFiveInstancesOn) {
    EXPECT_DOUBLE_EQ(one_gain({1, 1, 1000, 100, 50, 4, 0}), (1000 + 10 * 50) / 5.0);
    EXPECT_DOUBLE_EQ(one_gain({1, 1, 1000, 100, 50, 5, 0}), (1000 + 10 * 10) / 6.0);
}

TEST(Profit, Gain_TakesNoCallsForOneCall) { EXPECT_DOUBLE_EQ(one_gain({1, 1, 100, 0, 2, 0, 0}), 300); }

TEST(Profit, Gain_IsSharedWithTheNextInstance_EvenWhenThereIsNone) {
    EXPECT_DOUBLE_EQ(one_gain({1, 2, 50, 10, 0, 0, 0}), 100);
}

TEST(Profit, Gain_OfAPrivateOffer_IsThatOfItsUsage) { EXPECT_DOUBLE_EQ(one_gain({1, 2, 50, 10, 0, 1, 1}), 50); }

TEST(Profit, Value_OfAPublicOffer_IsGainPerDollar) {
    EXPECT_DOUBLE_EQ(one_value({2, 0.5, 1000, 100, 20, 3, 0}, 1.5), 50);
}

TEST(Profit, Value_OfAPrivateOffer_IsItsWallTime_WhateverItsUsage) {
    EXPECT_DOUBLE_EQ(one_value({4, 0.25, 0, 0, 0, 9, 1}, 2), 3600 * 0.25 * 16 / 8);
    EXPECT_DOUBLE_EQ(one_value({4, 0.25, 0, 0, 0, 9, 1}, 2, R"({"privateFactor":8})"), 3600 * 0.25 * 8 / 8);
}

TEST(Profit, Value_FallsWithEveryInstancePlaced) {
    OfferRow offer{1, 1, 3600, 100, 0, 0, 0};
    double previous = INFINITY;
    for (int n = 0; n < 10; ++n) {
        offer.instances = n;
        const double value = one_value(offer, 1);
        EXPECT_LT(value, previous);
        previous = value;
    }
}

// Defect H13 of the system this replaces: a server that costs nothing ended the whole pass.
TEST(Profit, H13_FreeServer_IsReckonedAtTheFloor) {
    EXPECT_DOUBLE_EQ(one_value({1, 1, 10, 1, 0, 0, 0}, 0), 10 / 0.001);
    EXPECT_DOUBLE_EQ(one_value({1, 1, 10, 1, 0, 0, 0}, -3), 10 / 0.001);
    EXPECT_DOUBLE_EQ(one_value({1, 1, 10, 1, 0, 0, 0}, 0, R"({"costFloor":0.1})"), 10 / 0.1);
}

TEST(Profit, Multiplier_PerDollar_IgnoresUsage) {
    EXPECT_DOUBLE_EQ(one_value({4, 2, 99, 9, 9, 9, 0}, 0.5, R"({"mode":"multiplier"})"), 1);
}

TEST(Profit, RawMultiplier_IgnoresTheServer) {
    EXPECT_DOUBLE_EQ(one_value({4, 2, 99, 9, 9, 9, 0}, 0.5, R"({"mode":"raw-multiplier"})"), 2);
    EXPECT_DOUBLE_EQ(one_value({4, 2, 99, 9, 9, 9, 0}, 50, R"({"mode":"raw-multiplier"})"), 2);
}

TEST(Profit, Gain_InTheMultiplierModes_IsTheMultiplier) {
    EXPECT_DOUBLE_EQ(one_gain({4, 2, 99, 9, 9, 9, 0}, R"({"mode":"multiplier"})"), 2);
    EXPECT_DOUBLE_EQ(one_gain({4, 2, 99, 9, 9, 9, 0}, R"({"mode":"raw-multiplier"})"), 2);
}

TEST(Profit, Abstains_WhenANumberIsNotFinite) {
    EXPECT_TRUE(std::isnan(one_value({1, NAN, 10, 1, 0, 0, 0}, 1)));
    EXPECT_TRUE(std::isnan(one_value({1, 1, INFINITY, 1, 0, 0, 0}, 1)));
    EXPECT_TRUE(std::isnan(one_value({1, 1e200, 1e200, 1, 0, 0, 0}, 1)));
    EXPECT_TRUE(std::isnan(one_value({1, 1, 10, 1, 0, 0, 0}, NAN)));
    EXPECT_TRUE(std::isnan(one_gain({1, NAN, 10, 1, 0, 0, 0})));
}

class RandomMarket : public ::testing::Test {
protected:
    RandomMarket() {
        std::mt19937_64 random(7);
        const auto uniform = [&](double from, double to) {
            return std::uniform_real_distribution<double>(from, to)(random);
        };
        const auto chance = [&](double p) { return uniform(0, 1) < p; };
        for (int i = 0; i < 60; ++i)
            offers.push_back({std::floor(uniform(1, 9)), uniform(0.01, 40), chance(0.1) ? 0 : uniform(0, 1e6),
                              std::floor(uniform(0, 5000)), chance(0.5) ? 0 : std::floor(uniform(0, 400)),
                              std::floor(uniform(0, 40)), chance(0.2) ? 1.0 : 0.0});
        for (int i = 0; i < 1333; ++i) prices.push_back(uniform(0.01, 6));
    }
    std::vector<OfferRow> offers;
    std::vector<double> prices;
};

TEST_F(RandomMarket, Values_EqualTheReference) {
    ProfitScorer s = scorer();
    ScoreTable batch = table_of(offers, prices);
    run(s, batch);
    for (size_t w = 0; w < offers.size(); ++w)
        for (size_t c = 0; c < prices.size(); ++c) {
            // Bit by bit, or pairs that the reference finds equal would be ranked by how they were rounded.
            ASSERT_EQ(batch.at(w, c), reference_value(offers[w], prices[c]));
        }
}

TEST_F(RandomMarket, Values_DoNotDependOnTheBatch) {
    ProfitScorer s = scorer();
    ScoreTable all = table_of(offers, prices);
    run(s, all);
    for (const size_t w : {0u, 17u, 59u})
        for (const size_t c : {0u, 511u, 512u, 1332u}) EXPECT_EQ(one_value(offers[w], prices[c]), all.at(w, c));
}

TEST_F(RandomMarket, Values_DoNotDependOnTheSelection) {
    ProfitScorer s = scorer();
    ScoreTable all = table_of(offers, prices), some = table_of(offers, prices), many = table_of(offers, prices);
    run(s, all);
    some.select({3, 500, 1332});
    run(s, some);
    std::vector<uint32_t> most;
    for (uint32_t c = 1; c < prices.size(); ++c) most.push_back(c);
    many.select(most);
    run(s, many);
    for (size_t w = 0; w < offers.size(); ++w)
        for (const uint32_t c : {3u, 500u, 1332u}) {
            EXPECT_EQ(some.at(w, c), all.at(w, c));
            EXPECT_EQ(many.at(w, c), all.at(w, c));
        }
}

TEST_F(RandomMarket, Explanation_AgreesWithTheValue) {
    for (const char *config : {"{}", R"({"mode":"multiplier"})", R"({"mode":"raw-multiplier"})"}) {
        ProfitScorer s = scorer(config);
        ScoreTable batch = table_of(offers, prices);
        run(s, batch);
        for (size_t w = 0; w < offers.size(); ++w) {
            auto text = s.explain(rig::ScoreBatch(batch.batch()), w, 42);
            ASSERT_TRUE(text.ok());
            const auto document = nlohmann::json::parse(*text);
            EXPECT_EQ(document["terms"].back()["name"], "score");
            EXPECT_EQ(document["terms"].back()["value"].get<double>(), batch.at(w, 42)) << *text;
            EXPECT_FALSE(document["text"].get<std::string>().empty());
        }
    }
}

TEST(Profit, Explanation_OfAnAbstention_IsValidJson) {
    ProfitScorer s = scorer();
    ScoreTable batch = table_of({{1, NAN, 1, 1, 1, 1, 0}}, {1});
    auto text = s.explain(rig::ScoreBatch(batch.batch()), 0, 0);
    ASSERT_TRUE(text.ok());
    EXPECT_TRUE(nlohmann::json::parse(*text)["terms"].back()["value"].is_null());
}

TEST(Profit, AnEmptyMarketOrFleet_IsNoError) {
    ProfitScorer s = scorer();
    ScoreTable no_servers = table_of({{1, 1, 1, 1, 1, 1, 0}}, {}), no_offers = table_of({}, {1, 2});
    run(s, no_servers);
    run(s, no_offers);
}

TEST(Profit, Start_RefusesABadConfiguration) {
    ProfitScorer s = scorer(R"({"mode":"best"})");
    const rig::Status status = s.start();
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, RIG_E_INVALID);
}

} // namespace
} // namespace profit
