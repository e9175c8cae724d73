#include <cmath>
#include <gtest/gtest.h>
#include <rigger/sdk/testing.hpp>

namespace {

using rig::testing::FakeHost;
using rig::testing::Instance;

struct Scorer {
    FakeHost host;
    Instance instance;
    explicit Scorer(const char *config = "{}") : instance(*Instance::create(rig_plugin_v1, host, config)) {
        EXPECT_TRUE(instance.start().ok());
    }
    rig::testing::ScoreTable scores(const std::vector<double> &prices, const std::vector<double> &failures) {
        auto table = instance.score_table(2, prices.size());
        table.candidate("node.price", prices).candidate("node.failures", failures);
        EXPECT_TRUE(instance.score(table).ok());
        return table;
    }
};

TEST(CheapFirst, OfTwoQuietServers_TheCheaperOneWins) {
    const auto t = Scorer().scores({0.5, 2.0}, {0, 0});
    EXPECT_GT(t.at(0, 0), t.at(0, 1));
    EXPECT_EQ(t.at(0, 0), t.at(1, 0)) << "the workload plays no part";
}

TEST(CheapFirst, OfTwoEquallyCheapServers_TheQuieterOneWins) {
    const auto t = Scorer().scores({1.0, 1.0}, {3, 0});
    EXPECT_LT(t.at(0, 0), t.at(0, 1));
}

TEST(CheapFirst, WeightsNeedNotSumUpToOne) {
    const auto a = Scorer(R"({"priceWeight":7,"quietWeight":3})").scores({1.5}, {1}), b = Scorer().scores({1.5}, {1});
    EXPECT_NEAR(a.at(0, 0), b.at(0, 0), 1e-15);
}

TEST(CheapFirst, TooManyFailures_AreVetoedOnlyWhenAskedFor) {
    EXPECT_TRUE(std::isfinite(Scorer().scores({1.0}, {50}).at(0, 0)));
    const auto t = Scorer(R"({"maxFailures":2})").scores({1.0, 1.0}, {2, 3});
    EXPECT_TRUE(std::isfinite(t.at(0, 0)));
    EXPECT_EQ(t.at(0, 1), -INFINITY);
}

TEST(CheapFirst, WithoutAnyWeight_ItDoesNotStart) {
    FakeHost host;
    auto made = Instance::create(rig_plugin_v1, host, R"({"priceWeight":0,"quietWeight":0})");
    ASSERT_TRUE(made.ok());
    const auto started = made->start();
    ASSERT_FALSE(started.ok());
    EXPECT_EQ(started.error().reason, "NoWeight");
}

TEST(CheapFirst, Explain_GivesTheTermsOfTheScore) {
    Scorer s;
    auto t = s.scores({3.0}, {1});
    auto text = s.instance.explain(t, 0, 0);
    ASSERT_TRUE(text.ok());
    for (const char *term : {"score", "price", "cheapness", "failures", "quietness"})
        EXPECT_NE(text->find(std::string("\"") + term + "\""), std::string::npos);
}

} // namespace
