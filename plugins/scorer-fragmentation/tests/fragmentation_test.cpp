#include "fragmentation.hpp"

#include <rigger/sdk/testing.hpp>

#include <gtest/gtest.h>

#include <cmath>

namespace fragmentation {
namespace {

using rig::testing::ScoreTable;

const rig_placement_scorer &spec() { return rig::detail::ScorerKind<FragmentationScorer>::table; }

class FragmentationTest : public ::testing::Test {
protected:
    /// Scores of one workload on servers with these free milli per card.
    std::vector<double> scores(const std::vector<std::vector<double>> &servers, double count, double milli,
                               bool with_mix = true, double half = 500) {
        ScoreTable table(spec(), 1, servers.size());
        for (size_t card = 0; card < 4; ++card) {
            std::vector<double> column;
            for (const auto &server : servers) column.push_back(card < server.size() ? server[card] : 0);
            table.candidate("gpu.milli_" + std::to_string(card), column);
        }
        table.candidate("node.cpu_free_milli", std::vector<double>(servers.size(), -1));
        table.workload("gpu.count", {count}).workload("gpu.milli", {milli});
        if (with_mix) table.mix(0.5, 1, half).mix(0.4, 1, 1000).mix(0.1, 4, 1000);
        EXPECT_TRUE(scorer.score(rig::ScoreBatch(table.batch())).ok());
        EXPECT_TRUE(table.guards_intact());
        EXPECT_TRUE(table.columns_intact());
        std::vector<double> out;
        for (size_t c = 0; c < servers.size(); ++c) out.push_back(table.at(0, c));
        return out;
    }
    FragmentationScorer scorer{rig::Host(nullptr), "{}"};
};

TEST_F(FragmentationTest, ASecondOpenCard_CountsLessThanTheFirst) {
    // 400 does not fit on 300: either server opens a card for it, one of them its second.
    const auto s = scores({{300, 1000, 1000}, {1000, 1000}}, 1, 400, true, 300);
    EXPECT_LT(s[0], s[1]);
}

TEST_F(FragmentationTest, RoomOnAnOpenCard_CountsMoreThanOnAWholeOne) {
    // What is left of an open card is kept for shares; a whole one may go to a task that wastes some of it.
    const auto s = scores({{500}, {1000}}, 1, 500);
    EXPECT_LT(s[0], s[1]);
}

TEST_F(FragmentationTest, OddShare_GoesWhereLeastIsSpoilt) {
    // 600 on a whole card leaves 400 that nothing fits; on 600 free it leaves nothing.
    const auto s = scores({{600}, {1000}}, 1, 600);
    EXPECT_GT(s[0], s[1]);
}

TEST_F(FragmentationTest, SingleCard_SparesTheServerThatFourFit) {
    const auto s = scores({{1000, 1000, 1000, 1000}, {1000, 1000, 1000, 0}}, 1, 1000);
    EXPECT_LT(s[0], s[1]);
}

TEST_F(FragmentationTest, WhatDoesNotFit_IsZero) { EXPECT_EQ(scores({{400}}, 1, 500)[0], 0); }

TEST_F(FragmentationTest, WithoutAMix_HasNoOpinion) { EXPECT_TRUE(std::isnan(scores({{1000}}, 1, 500, false)[0])); }

TEST_F(FragmentationTest, RareRoom_IsWorthLessThanItsSize) {
    ScoreTable table(spec(), 1, 1);
    table.mix(0.99, 1, 1000).mix(0.01, 1, 200);
    RefillTables tables;
    tables.follow(rig::ScoreBatch(table.batch()));
    const RefillTables::Worth &worth = tables.worth(0, -1, 1);
    EXPECT_EQ(worth[10], 0);
    EXPECT_NEAR(worth[20], 200 * 0.01 / 0.016, 0.01);
    EXPECT_GT(worth[100], 950);
}

} // namespace
} // namespace fragmentation
