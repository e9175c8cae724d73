#include "json_market.hpp"

#include "json_text.hpp"

#include <nlohmann/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace catalog {
namespace {

using ::testing::HasSubstr;

/// The item that the validator's documentation gives as an example.
const char *const documented_chute =
    R"({"chute_id":"67df1c06","user_id":"u-1","name":"demo-llm","tagline":"","readme":"","tool_description":null,"image_id":"img-1","logo_id":null,"public":true,
    "standard_template":"vllm","cords":[{"method":"chat","path":"/chat","function":"chat"}],"jobs":[],
    "node_selector":{"gpu_count":2,"min_vram_gb_per_gpu":80,"exclude":null,"include":["h20","a100","h100"],"dynamic":false,"compute_multiplier":0.26667,"supported_gpus":["h20","a100","h100"]},
    "slug":"sim-demo-llm","code":"# ...","filename":"chute.py","ref_str":"chute:chute","version":"4facc5be","concurrency":16,"boost":null,"chutes_version":"0.3.31",
    "revision":"0123","openrouter":false,"discount":0.0,"created_at":"2025-09-30T10:00:00+00:00","updated_at":"2025-09-30T10:00:00+00:00","max_instances":null,
    "scaling_threshold":null,"shutdown_after_seconds":null,"invocation_count":1234,"supported_gpus":["h20","a100","h100"],"preemptible":true,"image":"sim/vllm:0.10-abc123def456"})";

Items read(const std::string &text) {
    auto items = market_from_json(text, "m.json");
    if (!items.ok()) throw std::runtime_error(items.error().message);
    return std::move(*items);
}

std::string refusal(const std::string &text) {
    const auto items = market_from_json(text, "m.json");
    return items.ok() ? "accepted" : items.error().message;
}

TEST(JsonMarket, ReadsTheDocumentedChute) {
    const Chute c = read(R"({"chutes":[)" + std::string(documented_chute) + "]}").chutes.at(0);
    EXPECT_EQ(c.id, "67df1c06");
    EXPECT_EQ(c.name, "demo-llm");
    EXPECT_EQ(c.version, "4facc5be");
    EXPECT_EQ(c.image, "sim/vllm:0.10-abc123def456");
    EXPECT_EQ(c.chutes_version, "0.3.31");
    EXPECT_EQ(c.gpu_count, 2);
    EXPECT_EQ(c.gpus, (std::vector<std::string>{"a100", "h100", "h20"}));
    EXPECT_TRUE(c.has_cords && c.preemptible);
    EXPECT_FALSE(c.tee || c.max_instances || c.effective_multiplier);
}

TEST(JsonMarket, ReadsTheDocumentedMetricsAndUtilization) {
    const Items items = read(R"({"chutes":[{"chute_id":"c"}],
      "metrics":[{"chute_id":"c","compute_multiplier":0.27,"total_invocations":1290,"total_compute_time":81234.5,"error_count":3,"rate_limit_count":1,"instance_count":7,"total_usage_usd":9.5}],
      "utilization":[{"chute_id":"c","name":"demo-llm","utilization_current":0.41,"target_count":8,"update_in_progress":false,"total_instance_count":7,"active_instance_count":6,"scalable":true}]})");
    const Metrics &m = items.metrics.at("c");
    EXPECT_EQ(m.multiplier, 0.27);
    EXPECT_EQ(m.invocations, 1290);
    EXPECT_EQ(m.compute_time, 81234.5);
    EXPECT_EQ(m.rate_limits, 1);
    EXPECT_EQ(m.instances, 7);
    const Utilization &u = items.utilization.at("c");
    EXPECT_TRUE(u.scalable);
    EXPECT_FALSE(u.update_in_progress);
    EXPECT_EQ(u.target, 8);
    EXPECT_EQ(u.instances, 7);
    EXPECT_EQ(u.active_instances, 6);
}

TEST(JsonMarket, ListsMayBeObjectsById) {
    const Items items = read(
        R"({"chutes":{"a":{"name":"x"},"b":{"chute_id":"b"}},"metrics":{"a":{"instance_count":3},"b":null},"utilization":{"b":{"scalable":true}}})");
    EXPECT_EQ(items.chutes.size(), 2u);
    EXPECT_EQ(items.metrics.at("a").instances, 3);
    EXPECT_FALSE(items.metrics.contains("b"));
    EXPECT_TRUE(items.utilization.at("b").scalable);
}

TEST(JsonMarket, ChutesStandInTheOrderOfTheFile_AlsoAsAnObjectById) {
    const char *const objects = R"({"c":{"name":"z"},"a":{"d":{}},"b":{"name":"y"}})";
    const auto ids = [](const Items &items) {
        std::vector<std::string> all;
        for (const Chute &c : items.chutes) all.push_back(c.id);
        return all;
    };
    const std::vector<std::string> expected{"c", "a", "b"};
    EXPECT_EQ(ids(read(R"({"metrics":{"z":{}},"chutes":)" + std::string(objects) + "}")), expected);
    EXPECT_EQ(ids(read(R"({"chutes":[{"chute_id":"c"},{"chute_id":"a"},{"chute_id":"b"}]})")), expected);
    Items items;
    ASSERT_TRUE(add_list(items, List::chutes, objects, "chutes.json").ok());
    EXPECT_EQ(ids(items), expected);
}

TEST(JsonMarket, MissingAndNullFields_TakeTheirDefaults) {
    for (
        const char *item :
        {R"({"chute_id":"c"})",
         R"({"chute_id":"c","name":null,"version":null,"image":null,"cords":null,"jobs":null,"node_selector":null,"supported_gpus":null,
                             "preemptible":null,"tee":null,"max_instances":null,"effective_compute_multiplier":null,"code":null,"filename":null,"ref_str":null,"chutes_version":null})"}) {
        const Items items = read(
            R"({"chutes":[)" + std::string(item) +
            R"(],"metrics":[{"chute_id":"c","compute_multiplier":null,"instance_count":null}],"utilization":[{"chute_id":"c","scalable":null}]})");
        const Chute &c = items.chutes.at(0);
        EXPECT_EQ(c.name, "c");
        EXPECT_FALSE(c.version.empty());
        EXPECT_FALSE(c.image.empty());
        EXPECT_EQ(c.gpu_count, 1);
        EXPECT_FALSE(c.has_cords);
        EXPECT_TRUE(c.preemptible);
        EXPECT_EQ(items.metrics.at("c").multiplier, 1);
        EXPECT_EQ(items.metrics.at("c").invocations, 1);
        EXPECT_FALSE(items.utilization.at("c").scalable);
    }
}

TEST(JsonMarket, NumbersMayBeWrittenAsText) {
    const Items items = read(
        R"({"chutes":[{"chute_id":"c","node_selector":{"gpu_count":"4"}}],"metrics":[{"chute_id":"c","total_compute_time":"12.5","instance_count":"3"}]})");
    EXPECT_EQ(items.chutes[0].gpu_count, 4);
    EXPECT_EQ(items.metrics.at("c").compute_time, 12.5);
}

TEST(JsonMarket, SupportedGpus_MayStandInTheNodeSelector) {
    EXPECT_EQ(read(R"({"chutes":[{"chute_id":"c","node_selector":{"supported_gpus":["h200"]}}]})").chutes[0].gpus,
              (std::vector<std::string>{"h200"}));
}

TEST(JsonMarket, ReadsImages) {
    const Items items = read(
        R"({"chutes":[],"images":[{"image_id":"i","username":"sim","name":"vllm","tag":"0.10","patch_version":"abc123def456","chutes_version":"0.4.0"},
        {"image_id":"j","username":"sim","name":"vllm","tag":"0.11","patch_version":"initial"},{"image_id":"k","name":"nameless"}]})");
    EXPECT_EQ(items.images.at("i").reference, "sim/vllm:0.10-abc123def456");
    EXPECT_EQ(items.images.at("i").chutes_version, "0.4.0");
    EXPECT_EQ(items.images.at("j").reference, "sim/vllm:0.11");
    EXPECT_EQ(items.images.at("k").reference, "");
}

struct BadMarket {
    std::string text;
    const char *mentioned;
};

TEST(JsonMarket, RefusesWhatIsWrong_WithFileAndField) {
    const BadMarket cases[] = {
        {R"({"chutes":[{"name":"x"}]})", "m.json: chutes[0].chute_id is missing"},
        {R"({"chutes":[{"chute_id":"a"},{"chute_id":"a"}]})", "m.json: chutes[1].chute_id: 'a' stands twice"},
        {R"({"chutes":{"a":{"chute_id":"b"}}})", "chutes[a].chute_id is 'b'"},
        {R"({"chutes":[7]})", "chutes[0] must be an object"},
        {R"({"chutes":"all"})", "chutes must be a list"},
        {R"({"chutes":[{"chute_id":3}]})", "chutes[0].chute_id must be a string"},
        {R"({"chutes":[{"chute_id":"a","node_selector":{"gpu_count":-1}}]})",
         "chutes[0].node_selector.gpu_count is -1"},
        {R"({"chutes":[{"chute_id":"a","node_selector":{"gpu_count":0}}]})",
         "chutes[0].node_selector.gpu_count is 0, and a chute takes at least one GPU"},
        {R"({"chutes":[{"chute_id":"a","node_selector":{"gpu_count":65}}]})", "gpu_count is 65"},
        {R"({"chutes":[{"chute_id":"a","node_selector":{"gpu_count":1.5}}]})", "gpu_count must be a whole number"},
        {R"({"chutes":[{"chute_id":"a","node_selector":{"gpu_milli":0}}]})", "gpu_milli must be 1 to 1000"},
        {R"({"chutes":[{"chute_id":"a","node_selector":{"gpu_count":2,"gpu_milli":500}}]})",
         "below 1000 only with one GPU"},
        {R"({"chutes":[{"chute_id":"a","node_selector":[]}]})", "node_selector must be an object"},
        {R"({"chutes":[{"chute_id":"a","supported_gpus":"h100"}]})", "supported_gpus must be a list"},
        {R"({"chutes":[{"chute_id":"a","supported_gpus":[1]}]})", "supported_gpus must be a list"},
        {R"({"chutes":[{"chute_id":"a","cords":"x"}]})", "cords must be a list"},
        {R"({"chutes":[{"chute_id":"a","preemptible":"perhaps"}]})", "preemptible must be true or false"},
        {R"({"chutes":[],"metrics":[{"chute_id":"a","total_compute_time":-1}]})",
         "metrics[0].total_compute_time is -1"},
        {R"({"chutes":[],"metrics":[{"chute_id":"a","compute_multiplier":"NaN"}]})", "compute_multiplier is \"NaN\""},
        {R"({"chutes":[],"metrics":[{"chute_id":"a","instance_count":1e300}]})", "instance_count is"},
        {R"({"chutes":[],"utilization":[{"chute_id":"a","scalable":[]}]})",
         "utilization[0].scalable must be true or false"},
        {R"({"metrics":[]})", "must be an object with the lists"},
        {"[]", "must be an object with the lists"},
    };
    for (const BadMarket &c : cases) EXPECT_THAT(refusal(c.text), HasSubstr(c.mentioned)) << c.text;
}

TEST(JsonText, RefusesWhatIsNoSoundJson_WithFileAndLine) {
    const BadMarket cases[] = {
        {"", "m.json:1: is empty"},
        {" \n ", "m.json:1: is empty"},
        {"{\n\"chutes\": [\n", "m.json:3: is not JSON, or is cut"},
        {"{\"chutes\":[],}", "m.json:1: is not JSON"},
        {"{\"chutes\":[NaN]}", "m.json:1: is not JSON, or is cut: syntax error while parsing value - invalid literal"},
        {"{\"chutes\":[1e999]}", "no double can hold"},
        {std::string("{\"chutes\":[]}\n\0", 15), "m.json:2: is not text"},
        {"{\"chutes\":[\"\xff\"]}", "not UTF-8"},
        {"{\"chutes\":\n" + std::string(100, '[') + std::string(100, ']') + "}", "m.json:2: is nested deeper than 64"},
        {"{\"chutes\":{\"a\":{},\n\"a\":{}}}", "m.json:2: the key 'a' stands twice"},
        {"{\"chutes\":[]} trailing", "m.json:1: is not JSON"},
    };
    for (const BadMarket &c : cases) EXPECT_THAT(refusal(c.text), HasSubstr(c.mentioned));
}

TEST(JsonText, BracketsInsideStrings_AreNoNesting) {
    auto document = parse_json("{\"a\":\"" + std::string(500, '[') + "\\\"" + std::string(500, '{') + "\"}", "m.json");
    EXPECT_TRUE(document.ok());
}

TEST(JsonText, EndlessNesting_IsRefusedBeforeParsing) {
    EXPECT_FALSE(parse_json(std::string(5'000'000, '['), "m.json").ok());
}

} // namespace
} // namespace catalog
