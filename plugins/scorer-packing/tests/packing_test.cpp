#include "packing.hpp"

#include <rigger/sdk/testing.hpp>

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <cmath>

namespace packing {
namespace {

using rig::testing::ScoreTable;

const rig_placement_scorer &spec() { return rig::detail::ScorerKind<PackingScorer>::table; }

class PackingTest : public ::testing::Test {
protected:
    void run(ScoreTable &table) {
        ASSERT_TRUE(scorer.score(rig::ScoreBatch(table.batch())).ok());
        EXPECT_TRUE(table.guards_intact());
        EXPECT_TRUE(table.columns_intact());
    }
    std::vector<double> preferences(double count, double milli, const std::vector<double> &free,
                                    const std::vector<double> &milli_free) {
        ScoreTable table(spec(), 1, free.size());
        table.candidate("gpu.free", free)
            .candidate("gpu.milli_free", milli_free)
            .workload("gpu.count", {count})
            .workload("gpu.milli", {milli});
        run(table);
        std::vector<double> out;
        for (size_t c = 0; c < free.size(); ++c) out.push_back(table.at(0, c));
        return out;
    }
    PackingScorer scorer{rig::Host(nullptr), "{}"};
};

TEST_F(PackingTest, SmallJob_PrefersTheSmallestHole) {
    EXPECT_EQ(preferences(1, 1000, {8, 4, 2, 1}, {8000, 4000, 2000, 1000}), (std::vector<double>{0.125, 0.25, 0.5, 1}));
}

TEST_F(PackingTest, ExactFit_IsOne_ForEveryNumberOfGpus) {
    for (int n = 1; n <= 64; ++n) EXPECT_EQ(preferences(n, 1000, {double(n)}, {1000.0 * n})[0], 1.0) << n;
}

TEST_F(PackingTest, WhatDoesNotFit_IsZero) {
    EXPECT_EQ(preferences(4, 1000, {3, 0, -1, NAN}, {3000, 0, 0, 0}), (std::vector<double>{0, 0, 0, 0}));
}

TEST_F(PackingTest, Share_IsMeasuredAgainstThousandths) {
    EXPECT_EQ(preferences(1, 250, {8, 0}, {8000, 500}), (std::vector<double>{0.03125, 0.5}));
}

TEST_F(PackingTest, HostWithoutShares_CountsWholeGpus) {
    ScoreTable table(spec(), 1, 2);
    table.candidate("gpu.free", {8, 2})
        .without_candidate("gpu.milli_free")
        .workload("gpu.count", {1})
        .workload("gpu.milli", {250});
    run(table);
    EXPECT_EQ(table.at(0, 0), 0.125);
    EXPECT_EQ(table.at(0, 1), 0.5);
}

TEST_F(PackingTest, JobWithoutGpus_PrefersNothing) {
    EXPECT_EQ(preferences(0, 1000, {8, 1}, {8000, 1000}), (std::vector<double>{0, 0}));
}

TEST_F(PackingTest, StaysInRange_AndDoesNotDependOnTheBatch) {
    std::vector<double> free, milli;
    for (int i = 0; i < 1500; ++i) free.push_back(i % 17), milli.push_back((i % 17) * 1000 + i % 1000);
    const std::vector<double> counts{1, 2, 3, 5, 7, 8, 16}, millis{1000, 1000, 1000, 1000, 1000, 1000, 1000};
    ScoreTable all(spec(), counts.size(), free.size());
    all.candidate("gpu.free", free)
        .candidate("gpu.milli_free", milli)
        .workload("gpu.count", counts)
        .workload("gpu.milli", millis);
    run(all);
    for (size_t w = 0; w < counts.size(); ++w)
        for (size_t c = 0; c < free.size(); ++c) {
            ASSERT_GE(all.at(w, c), 0);
            ASSERT_LE(all.at(w, c), 1);
            if (c % 97 == 0) { EXPECT_EQ(preferences(counts[w], 1000, {free[c]}, {milli[c]})[0], all.at(w, c)); }
        }
}

TEST_F(PackingTest, Explanation_AgreesWithTheScore) {
    ScoreTable table(spec(), 2, 2);
    table.candidate("gpu.free", {8, 3})
        .candidate("gpu.milli_free", {8000, 3500})
        .workload("gpu.count", {3, 1})
        .workload("gpu.milli", {1000, 500});
    run(table);
    for (size_t w = 0; w < 2; ++w)
        for (size_t c = 0; c < 2; ++c) {
            auto text = scorer.explain(rig::ScoreBatch(table.batch()), w, c);
            ASSERT_TRUE(text.ok());
            EXPECT_EQ(nlohmann::json::parse(*text)["terms"][2]["value"].get<double>(), table.at(w, c)) << *text;
        }
}

} // namespace
} // namespace packing
