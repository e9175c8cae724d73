#include "baseline.hpp"
#include "rules.hpp"

#include <rigger/sdk/testing.hpp>

#include <gtest/gtest.h>

namespace baseline {
namespace {

using rig::testing::ScoreTable;

Room room(std::initializer_list<double> milli, double cpu) {
    Room r;
    for (const double one : milli) r.milli[r.count++] = one;
    r.cpu = cpu;
    return r;
}

class FgdTest : public ::testing::Test {
protected:
    FgdTest() : table(rig::detail::ScorerKind<BaselineScorer>::table, 1, 1) {
        table.mix(0.5, 1, 500, 1000).mix(0.25, 2, 1000, 4000).mix(0.25, 0, 0, 1000);
        fgd.follow(rig::ScoreBatch(table.batch()));
    }
    ScoreTable table;
    Fgd fgd;
};

TEST_F(FgdTest, Fragmentation_IsWhatATypicalTaskCannotUse) {
    // Halves use both cards; pairs cannot use 1600 milli without two whole cards; CPU-only tasks use none.
    EXPECT_DOUBLE_EQ(fgd.fragmentation(room({1000, 600}, 10000)), 0.25 * 1600 + 0.25 * 1600);
    // 300 is too small for a half.
    EXPECT_DOUBLE_EQ(fgd.fragmentation(room({1000, 300}, 10000)), 0.5 * 300 + 0.5 * 1300);
    EXPECT_DOUBLE_EQ(fgd.fragmentation(room({1000, 1000}, 10000)), 0.25 * 2000);
    // Without CPU nothing can be used.
    EXPECT_DOUBLE_EQ(fgd.fragmentation(room({1000, 1000}, 500)), 2000);
}

TEST_F(FgdTest, TypicalTasks_CoverNineteenTwentieths_MostFrequentFirst) {
    ScoreTable mixed(rig::detail::ScorerKind<BaselineScorer>::table, 1, 1);
    mixed.mix(0.04, 8, 1000, 1).mix(0.96, 1, 1000, 1);
    fgd.follow(rig::ScoreBatch(mixed.batch()));
    EXPECT_DOUBLE_EQ(fgd.fragmentation(room({1000}, 1000)), 0); // the eights are not typical
}

TEST_F(FgdTest, Score_IsTheIntegerPartOfASigmoid) {
    EXPECT_EQ(Fgd::score(0, 0), 50);
    EXPECT_EQ(Fgd::score(1000, 0), 73);
    EXPECT_EQ(Fgd::score(0, 1000), 26);
}

TEST(BaselineTest, WrongSettings_AreInvalidAndSayWhatIsAllowed) {
    for (const char *config : {R"({"policy":"best"})", R"({"policy":3})", R"({"policy":null})", "[]", "nonsense"}) {
        BaselineScorer scorer(rig::Host(nullptr), config);
        const rig::Status started = scorer.start();
        ASSERT_FALSE(started.ok()) << config;
        EXPECT_EQ(started.error().code, RIG_E_INVALID);
        EXPECT_NE(started.error().message.find("fgd, best-fit, dot-product or gpu-packing"), std::string::npos);
    }
    EXPECT_TRUE(BaselineScorer(rig::Host(nullptr), "").start().ok());
    EXPECT_TRUE(BaselineScorer(rig::Host(nullptr), R"({"policy":"gpu-packing"})").start().ok());
}

TEST(RulesTest, GpuPacking_PrefersCardsInUse_ThenServersInUse) {
    const Wish half{1, 500, 1000}, pair{2, 1000, 1000};
    const double shares_a_card = gpu_packing(room({500, 1000}, 9000), half),
                 opens_a_card = gpu_packing(room({300, 1000}, 9000), half),
                 opens_a_server = gpu_packing(room({1000, 1000}, 9000), half);
    EXPECT_EQ(shares_a_card, 95);
    EXPECT_EQ(opens_a_card, 49);
    EXPECT_EQ(opens_a_server, 31);
    EXPECT_EQ(gpu_packing(room({1000, 1000, 0}, 9000), pair), 48);
}

TEST(RulesTest, BestFitAndDotProduct_AreSharesOfTheLargestServer) {
    EXPECT_EQ(best_fit(room({1000, 1000, 1000, 1000}, 64000)), 50);
    EXPECT_EQ(best_fit(room({0}, 0)), 100);
    EXPECT_EQ(dot_product(room({1000, 1000, 1000, 1000}, 64000), {4, 1000, 64000}), 75);
}

TEST(BaselineTest, BestFit_PrefersTheSmallestRest) {
    BaselineScorer scorer(rig::Host(nullptr), R"({"policy":"best-fit"})");
    ScoreTable table(rig::detail::ScorerKind<BaselineScorer>::table, 1, 2);
    table.candidate("gpu.total", {2, 2}).candidate("gpu.milli_0", {1000, 1000}).candidate("gpu.milli_1", {1000, 0});
    table.workload("gpu.count", {1}).workload("gpu.milli", {1000});
    ASSERT_TRUE(scorer.score(rig::ScoreBatch(table.batch())).ok());
    EXPECT_LT(table.at(0, 0), table.at(0, 1));
}

} // namespace
} // namespace baseline
