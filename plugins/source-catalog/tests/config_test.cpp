#include "config.hpp"

#include <nlohmann/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace catalog {
namespace {

using ::testing::HasSubstr;

TEST(CatalogueConfig, Schema_IsJson) { EXPECT_TRUE(nlohmann::json::accept(config_schema)); }

TEST(CatalogueConfig, Defaults_AreThoseOfTheSchema) {
    auto config = parse_config(R"({"csv":"/m.csv"})");
    ASSERT_TRUE(config.ok()) << config.error().message;
    const auto schema = nlohmann::json::parse(config_schema)["properties"];
    EXPECT_EQ(config->poll_seconds, schema["pollSeconds"]["default"]);
    EXPECT_EQ(config->csv_rule.window_hours, schema["csvWindowHours"]["default"]);
    EXPECT_EQ(config->shrink_hold_seconds, schema["shrinkHoldSeconds"]["default"]);
    EXPECT_EQ(config->count_own_instances, schema["countOwnInstances"]["default"]);
    EXPECT_EQ(config->validator.verify_seconds, schema["validator"]["properties"]["verifySeconds"]["default"]);
    EXPECT_EQ(config->validator.activate_seconds, schema["validator"]["properties"]["activateSeconds"]["default"]);
    EXPECT_EQ(config->validator.claim_seconds, schema["validator"]["properties"]["claimSeconds"]["default"]);
    EXPECT_EQ(config->workload.registry, schema["workload"]["properties"]["registry"]["default"]);
}

TEST(CatalogueConfig, Reads_ScriptAndWorkload) {
    auto config = parse_config(
        R"({"market":"/m.json","seed":7,"validator":{"scaling":"public-rule","register":"event","minerHotkey":"5X",
        "script":[{"when":"active","offer":"x","afterSeconds":5,"times":2,"message":"m"},{"when":"claim","answer":"denied"}]},"workload":{"registry":"r","runtimeClass":""}})");
    ASSERT_TRUE(config.ok()) << config.error().message;
    ASSERT_EQ(config->validator.script.size(), 2u);
    EXPECT_EQ(config->validator.script[0].when, ScriptRule::When::active);
    EXPECT_EQ(config->validator.script[0].times, 2u);
    EXPECT_EQ(config->validator.script[1].answer, "denied");
    EXPECT_TRUE(config->validator.register_by_event);
    EXPECT_EQ(config->validator.seed, 7u);
    EXPECT_EQ(config->workload.miner_hotkey, "5X");
    EXPECT_EQ(config->workload.registry, "r");
}

TEST(CatalogueConfig, Refuses_ImpossibleValues_AndNamesTheKey) {
    const std::pair<const char *, const char *> cases[] = {
        {"{}", "exactly one of csv, market or chutes"},
        {R"({"csv":"/a","market":"/b"})", "exactly one of csv, market or chutes"},
        {R"({"csv":"/a","metrics":"/b"})", "go with config.chutes"},
        {R"({"csv":7})", "config.csv must be a text"},
        {R"({"csv":"/a","pollSeconds":0})", "config.pollSeconds must be a number from 0.1 to 3600"},
        {R"({"csv":"/a","seed":1.5})", "config.seed must be a whole number"},
        {R"({"csv":"/a","multiplier":"best"})", "config.multiplier must be one of metrics, effective"},
        {R"({"csv":"/a","state":""})", "config.state"},
        {R"({"csv":"/a","validator":[]})", "config.validator must be an object"},
        {R"({"csv":"/a","validator":{"verifySeconds":-1}})", "config.validator.verifySeconds"},
        {R"({"csv":"/a","validator":{"script":[{"when":"never"}]}})", "config.validator.script[0].when"},
        {R"({"csv":"/a","workload":{"cacheMaxSizeGb":"x"}})", "config.workload.cacheMaxSizeGb"},
        {"[]", "config must be an object"},
        {"{", "config must be an object"},
    };
    for (const auto &[text, mentioned] : cases) {
        const auto config = parse_config(text);
        ASSERT_FALSE(config.ok()) << text;
        EXPECT_THAT(config.error().message, HasSubstr(mentioned)) << text;
    }
}

} // namespace
} // namespace catalog
