#include "csv_market.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace catalog {
namespace {

using ::testing::HasSubstr;

const std::string header = "chute_id,name,invocation_count,current_estimated_price,supported_gpus\n";

rig::Result<Items> market(const std::string &rows, const CsvRule &rule = {}) {
    return market_from_csv(header + rows, "m.csv", rule);
}

std::string sample() {
    std::ifstream in(SAMPLE_MARKET);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

TEST(CsvMarket, ReadsTheSampleMarket) {
    auto items = market_from_csv(sample(), SAMPLE_MARKET, {});
    ASSERT_TRUE(items.ok()) << items.error().message;
    EXPECT_EQ(items->chutes.size(), 57u);
    EXPECT_EQ(items->chutes[0].id, "0d7184a2-32a3-53e0-9607-058c37edaab5");
    EXPECT_EQ(items->chutes[0].name, "Qwen/Qwen3-32B");
    EXPECT_EQ(items->metrics.size(), 57u);
    EXPECT_EQ(items->utilization.size(), 57u);
    std::set<int> counts;
    for (const Chute &c : items->chutes) {
        EXPECT_TRUE(c.has_cords && c.preemptible);
        EXPECT_FALSE(c.gpus.empty());
        counts.insert(c.gpu_count);
        const Metrics &m = items->metrics.at(c.id);
        EXPECT_GE(m.instances, 1) << c.name;
        EXPECT_GT(m.compute_time, 0) << c.name;
        EXPECT_GT(*items->utilization.at(c.id).target, m.instances) << c.name;
    }
    EXPECT_EQ(counts, (std::set<int>{1, 2, 4, 8}));
}

TEST(CsvMarket, TeeSuffix_MakesATeeChute) {
    auto items = market("a,x/y-TEE,1,1,h200\nb,x/y,1,1,h200\nc,-TEE,1,1,h200\nd,x/TEE-y,1,1,h200\n");
    ASSERT_TRUE(items.ok());
    EXPECT_TRUE(items->chutes[0].tee);
    EXPECT_FALSE(items->chutes[1].tee);
    EXPECT_FALSE(items->chutes[2].tee);
    EXPECT_FALSE(items->chutes[3].tee);
}

TEST(CsvMarket, GpuCount_IsThePriceOverTheCheapestCard_AsAPowerOfTwo) {
    auto items =
        market("a,a,1,22,h200 b200\nb,b,1,11,h200\nc,c,1,5.5,h200\nd,d,1,2.75,h200\ne,e,1,0.01,h200\nf,f,1,99,h200\n");
    ASSERT_TRUE(items.ok());
    std::vector<int> counts;
    for (const Chute &c : items->chutes) counts.push_back(c.gpu_count);
    EXPECT_EQ(counts, (std::vector<int>{8, 4, 2, 1, 1, 8}));
}

TEST(CsvMarket, Multiplier_IsThePriceOverTheValidatorsUnit) {
    auto items = market("a,a,1,9,h200\n");
    ASSERT_TRUE(items.ok());
    EXPECT_DOUBLE_EQ(items->metrics.at("a").multiplier, 2);
}

TEST(CsvMarket, Invocations_AreSpreadOverTheWindow) {
    auto items = market("a,a,7200,9,h200\n");
    ASSERT_TRUE(items.ok());
    EXPECT_EQ(items->metrics.at("a").invocations, 10);
    CsvRule week;
    week.window_hours = 72;
    EXPECT_EQ(market("a,a,7200,9,h200\n", week)->metrics.at("a").invocations, 100);
}

TEST(CsvMarket, Derivation_DependsOnRowAndSeedAlone) {
    auto one = market("a,a,999999,9,h200\nb,b,999999,9,h200\n"),
         other = market("b,b,999999,9,h200\na,a,999999,9,h200\n");
    EXPECT_EQ(one->metrics.at("a").compute_time, other->metrics.at("a").compute_time);
    EXPECT_EQ(one->chutes[0].version, other->chutes[1].version);
    EXPECT_NE(one->metrics.at("a").compute_time, one->metrics.at("b").compute_time);
    CsvRule second;
    second.seed = 2;
    EXPECT_NE(market("a,a,999999,9,h200\n", second)->metrics.at("a").compute_time, one->metrics.at("a").compute_time);
}

TEST(CsvMarket, SupportedGpus_AreSortedAndUnique) {
    for (const char *list : {" h200  a40 h200 ", "\"h200, a40\"", "h200;a40"})
        EXPECT_EQ(market("a,a,1,1," + std::string(list) + "\n")->chutes[0].gpus,
                  (std::vector<std::string>{"a40", "h200"}))
            << list;
}

TEST(CsvMarket, ColumnsStandInAnyOrder_OthersArePassedOver_BlanksToo) {
    auto items = market_from_csv("name,owner,supported_gpus,Chute_Id,current_estimated_price,invocation_count\n"
                                 "\"Acme, Inc\",me,h200, a ,9e0, 7200 \n ,me,h200,b,9,7.2e3\n",
                                 "m.csv", {});
    ASSERT_TRUE(items.ok()) << items.error().message;
    EXPECT_EQ(items->chutes[0].id, "a");
    EXPECT_EQ(items->chutes[0].name, "Acme, Inc");
    EXPECT_EQ(items->chutes[1].name, "b") << "as in JSON: a chute without a name is called by its id";
    for (const char *id : {"a", "b"}) {
        EXPECT_EQ(items->metrics.at(id).invocations, 10);
        EXPECT_EQ(items->metrics.at(id).multiplier, 2);
    }
}

TEST(CsvMarket, RefusesBadRows_WithFileAndLine) {
    const std::pair<std::string, const char *> cases[] = {
        {"", "lists no chute"},
        {"a,a,1,1,h200\n,b,1,1,h200\n", "m.csv:3: chute_id is empty"},
        {"a,a,1,1,h200\na,b,1,1,h200\n", "m.csv:3: chute_id a stands in line 2 already"},
        {"a,a,-1,1,h200\n", "m.csv:2: invocation_count '-1'"},
        {"a,a,nan,1,h200\n", "m.csv:2: invocation_count 'nan'"},
        {"a,a,1,NaN,h200\n", "m.csv:2: current_estimated_price 'NaN'"},
        {"a,a,1,-0.5,h200\n", "m.csv:2: current_estimated_price '-0.5'"},
        {"a,a,1,inf,h200\n", "m.csv:2: current_estimated_price 'inf'"},
        {"a,a,1e16,1,h200\n", "m.csv:2: invocation_count '1e16' is not a number from 0 to 10^15"},
        {"a,a,1,,h200\n", "m.csv:2: current_estimated_price ''"},
        {"a,a,1,1,\n", "m.csv:2: supported_gpus is empty"},
        {"a,a,1,1\n", "m.csv:2: has 4 fields"},
    };
    for (const auto &[rows, mentioned] : cases) {
        const auto items = market(rows);
        ASSERT_FALSE(items.ok()) << rows;
        EXPECT_THAT(items.error().message, HasSubstr(mentioned));
    }
}

TEST(CsvMarket, CutAnywhere_IsReadOrRefused_NeverMisread) {
    const std::string whole = sample();
    for (size_t length = 0; length < whole.size(); length += 37) {
        auto items = market_from_csv(std::string_view(whole).substr(0, length), "m.csv", {});
        if (!items.ok()) EXPECT_FALSE(items.error().message.empty());
        else EXPECT_LE(items->chutes.size(), 57u);
    }
}

} // namespace
} // namespace catalog
