#include "market.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

namespace catalog {
namespace {

using Json = nlohmann::json;

Chute chute(const char *id) {
    Chute c;
    c.id = id;
    c.name = "demo";
    c.version = "v1";
    c.image = "sim/vllm:1";
    c.gpus = {"a100", "h100"};
    c.gpu_count = 2;
    c.has_cords = true;
    return c;
}

Json document(const Items &items, double own = 0, MultiplierFrom from = MultiplierFrom::metrics) {
    return Json::parse(Market(items, from).document(0, own));
}

TEST(Market, Document_CarriesEveryField) {
    Items items;
    items.chutes = {chute("c")};
    items.chutes[0].code = "pass";
    items.chutes[0].chutes_version = "0.3.31";
    items.chutes[0].tee = true;
    items.chutes[0].max_instances = 3;
    items.metrics["c"] = {0.27, 81234.5, 1290, 1, 7};
    items.utilization["c"] = {true, false, 8.0, 7.0, 6.0};
    EXPECT_EQ(
        document(items),
        Json::parse(
            R"({"id":"c","name":"demo","validator":"*","version":"v1","image":"sim/vllm:1","chutesVersion":"0.3.31",
      "requirements":{"gpuCount":2,"gpuMilli":1000,"gpuModels":["a100","h100"],"tee":true,"diskGb":10.0},
      "economics":{"hasMetrics":true,"hasUtilization":true,"scalable":true,"updateInProgress":false,"computeMultiplier":0.27,"totalComputeTime":81234.5,
                   "totalInvocations":1290.0,"rateLimitCount":1.0,"instanceCount":7.0},
      "deployable":true,"preemptible":true,"maxInstances":3,
      "workload":{"refStr":"chute:chute","filename":"chute.py","code":"pass"}})"));
}

TEST(Market, Document_CarriesTheShareOfAGpu) {
    Items items;
    items.chutes = {chute("c")};
    items.chutes[0].gpu_count = 1;
    items.chutes[0].gpu_milli = 500;
    EXPECT_EQ(document(items)["requirements"]["gpuMilli"], 500);
}

// The skip rules of the reference: what it passes over must be recognisable as such.
TEST(Market, SkippedChutes_AreMarkedAsTheReferenceSkipsThem) {
    Items items;
    items.chutes = {chute("c")};
    EXPECT_EQ(document(items)["economics"]["hasMetrics"], false);
    EXPECT_EQ(document(items)["economics"]["hasUtilization"], false);
    EXPECT_EQ(document(items)["economics"]["scalable"], false);
    items.metrics["c"] = {};
    items.utilization["c"] = {};
    EXPECT_EQ(document(items)["economics"]["hasMetrics"], true);
    EXPECT_EQ(document(items)["economics"]["hasUtilization"], true);
    EXPECT_EQ(document(items)["economics"]["scalable"], false);
    items.utilization["c"].update_in_progress = true;
    EXPECT_EQ(document(items)["economics"]["updateInProgress"], true);
    items.chutes[0].has_cords = false;
    EXPECT_EQ(document(items)["deployable"], false);
    items.chutes[0].preemptible = false;
    EXPECT_EQ(document(items)["preemptible"], false);
}

TEST(Market, MissingMetrics_LeaveTheDefaultsOfTheGain) {
    Items items;
    items.chutes = {chute("c")};
    const Json e = document(items)["economics"];
    EXPECT_EQ(e["computeMultiplier"], 1.0);
    EXPECT_EQ(e["totalInvocations"], 1.0);
    EXPECT_EQ(e["totalComputeTime"], 0.0);
    EXPECT_EQ(e["instanceCount"], 0.0);
}

TEST(Market, Multiplier_CanBeTheEffectiveOne) {
    Items items;
    items.chutes = {chute("c")};
    items.metrics["c"].multiplier = 0.5;
    EXPECT_EQ(document(items, 0, MultiplierFrom::effective)["economics"]["computeMultiplier"], 0.5);
    items.chutes[0].effective_multiplier = 2.5;
    EXPECT_EQ(document(items, 0, MultiplierFrom::effective)["economics"]["computeMultiplier"], 2.5);
    EXPECT_EQ(document(items, 0, MultiplierFrom::metrics)["economics"]["computeMultiplier"], 0.5);
}

TEST(Market, OwnInstances_AddToTheCount) {
    Items items;
    items.chutes = {chute("c")};
    items.metrics["c"].instances = 7;
    EXPECT_EQ(document(items, 2)["economics"]["instanceCount"], 9.0);
}

TEST(Market, Images_OverrideReferenceAndRuntime) {
    Items items;
    items.chutes = {chute("c"), chute("d")};
    items.chutes[0].image_id = "i";
    items.chutes[0].chutes_version = "0.3.0";
    items.images["i"] = {"sim/vllm:2-abc", "0.4.0"};
    const Market market(items, MultiplierFrom::metrics);
    EXPECT_EQ(market.chute(0).image, "sim/vllm:2-abc");
    EXPECT_EQ(market.chute(0).chutes_version, "0.4.0");
    EXPECT_EQ(market.chute(1).image, "sim/vllm:1");
}

TEST(Market, KeepsTheOrderOfTheFile) {
    Items items;
    items.chutes = {chute("z"), chute("a")};
    const Market market(items, MultiplierFrom::metrics);
    EXPECT_EQ(market.chute(0).id, "z");
    EXPECT_EQ(market.find("a"), &market.chute(1));
    EXPECT_EQ(market.find("q"), nullptr);
}

} // namespace
} // namespace catalog
