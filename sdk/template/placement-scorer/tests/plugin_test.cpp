#include <rigger/sdk/testing.hpp>

#include <gtest/gtest.h>

namespace {

using rig::testing::FakeHost;
using rig::testing::Instance;

struct Scorer {
    FakeHost host;
    Instance instance;
    explicit Scorer(const char *config = "{}") : instance(*Instance::create(rig_plugin_v1, host, config)) { EXPECT_TRUE(instance.start().ok()); }
};

TEST(@CLASS@, ACheaperServer_ScoresHigher) {
    Scorer s;
    auto table = s.instance.score_table(1, 3);
    table.candidate("node.price", {0.5, 1.0, 4.0});
    ASSERT_TRUE(s.instance.score(table).ok());
    EXPECT_GT(table.at(0, 0), table.at(0, 1));
    EXPECT_GT(table.at(0, 1), table.at(0, 2));
}

TEST(@CLASS@, AtThePivotPrice_AServerScoresOneHalf) {
    Scorer s(R"({"pivotPrice": 2.5})");
    auto table = s.instance.score_table(1, 1);
    table.candidate("node.price", {2.5});
    ASSERT_TRUE(s.instance.score(table).ok());
    EXPECT_DOUBLE_EQ(table.at(0, 0), 0.5);
}

TEST(@CLASS@, Explain_NamesThePrice) {
    Scorer s;
    auto table = s.instance.score_table(1, 1);
    table.candidate("node.price", {3.0});
    auto text = s.instance.explain(table, 0, 0);
    ASSERT_TRUE(text.ok());
    EXPECT_NE(text->find("\"price\""), std::string::npos);
}

} // namespace
