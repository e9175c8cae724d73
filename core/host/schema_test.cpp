#include "host/schema.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rigger::host {
namespace {
using testing::HasSubstr;

constexpr const char *schema_text = R"({"type":"object","additionalProperties":false,"required":["path"],"properties":{
    "path":{"type":"string","minLength":1,"description":"where it lies"},
    "level":{"type":"integer","minimum":0,"maximum":9,"default":3},
    "weights":{"type":"array","minItems":1,"items":{"type":"number"}},
    "mode":{"enum":["slow","fast"]},
    "ratio":{"type":"number","exclusiveMinimum":0,"maximum":1},
    "either":{"anyOf":[{"type":"string"},{"type":"array"}]},
    "rest":{"type":"array","items":{"$ref":"#/definitions/part"}},
    "key":{"type":"string","minLength":32,"maxLength":64,"writeOnly":true},
    "deep":{"type":"object","default":{},"additionalProperties":false,"properties":{"on":{"type":"boolean","default":true}}},
    "code":{"type":"string","pattern":"^[a-z]+$"}},
    "definitions":{"part":{"type":"object","properties":{"n":{"type":"integer","minimum":0}}}}})";

TEST(JsonSchema, FillsDefaultsAtEveryDepth) {
    const auto schema = JsonSchema::parse(schema_text);
    ASSERT_TRUE(schema.ok());
    EXPECT_EQ(*schema->apply(R"({"path":"x"})", "config", "ConfigInvalid"),
              R"({"deep":{"on":true},"level":3,"path":"x"})");
    EXPECT_EQ(*schema->apply(R"({"path":"x","deep":{"on":false},"level":1})", "config", "ConfigInvalid"),
              R"({"deep":{"on":false},"level":1,"path":"x"})");
}

TEST(JsonSchema, AReferenceThatComesBackToItselfIsRefusedAndDoesNotEndTheProcess) {
    for (const char *text : {R"({"$ref":"#"})", R"({"type":"object","properties":{"a":{"$ref":"#/properties/a"}}})",
                             R"({"type":"object","properties":{"a":{"$ref":"#"}}})",
                             R"({"$ref":"#/definitions/a","definitions":{"a":{"$ref":"#/definitions/b"},
                                 "b":{"allOf":[{"$ref":"#/definitions/a"}]}}})",
                             R"({"$ref":"#/definitions/absent"})", R"({"$ref":"#absent"})"}) {
        const auto schema = JsonSchema::parse(text);
        ASSERT_FALSE(schema.ok()) << text;
        EXPECT_EQ(schema.error().reason, "SchemaInvalid");
    }
    std::string chain = R"({"definitions":{)";
    for (int i = 0; i < 300; ++i)
        chain += "\"d" + std::to_string(i) + "\":{\"$ref\":\"#/definitions/d" + std::to_string(i + 1) + "\"},";
    EXPECT_FALSE(JsonSchema::parse(chain + R"("d300":{}},"$ref":"#/definitions/d0"})").ok());
}

TEST(JsonSchema, ReferencesThatMultiplyAreRefused) {
    std::string doubling = R"({"definitions":{)";
    for (int i = 0; i < 40; ++i) {
        const std::string next = R"({"$ref":"#/definitions/d)" + std::to_string(i + 1) + "\"}";
        doubling += "\"d" + std::to_string(i) + R"(":{"allOf":[)" + next + "," + next + "]},";
    }
    const auto schema = JsonSchema::parse(doubling + R"("d40":{}},"$ref":"#/definitions/d0"})");
    ASSERT_FALSE(schema.ok());
    EXPECT_THAT(schema.error().message, HasSubstr("too large once its references are followed"));
}

std::string schema_with_pattern(const std::string &pattern) {
    return R"({"type":"object","properties":{"a":{"type":"string","pattern":")" + pattern +
           R"("}},"patternProperties":{")" + pattern + R"(":{}}})";
}

TEST(JsonSchema, APatternThatBacktracksWithoutEndEndsWithAnAnswer) {
    for (const char *pattern :
         {"^(a+)+$", "^(a|aa)+$", "^(a|a)*$", "(a*)*b", "^(([a-z])+.)+[A-Z]([a-z])+$", "^a*a*a*a*a*$",
          "(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)b"}) {
        const auto schema = JsonSchema::parse(schema_with_pattern(pattern));
        ASSERT_TRUE(schema.ok()) << pattern;
        const auto done = schema->apply(R"({"a":")" + std::string(300, 'a') + R"(!"})", "config", "ConfigInvalid");
        ASSERT_FALSE(done.ok()) << pattern;
        EXPECT_EQ(done.error().reason, "ConfigInvalid");
        EXPECT_THAT(done.error().message, HasSubstr("takes too long")) << pattern;
        EXPECT_THAT(done.error().message, HasSubstr(pattern));
    }
}

TEST(JsonSchema, AKeyIsHeldToTheSame) {
    const auto schema = JsonSchema::parse(R"({"type":"object","patternProperties":{"^(a+)+$":{}}})");
    ASSERT_TRUE(schema.ok());
    EXPECT_FALSE(schema->apply("{\"" + std::string(300, 'a') + "!\":1}", "config", "ConfigInvalid").ok());
    EXPECT_TRUE(schema->apply(R"({"aaa":1})", "config", "ConfigInvalid").ok());
}

TEST(JsonSchema, APatternThatTakesMoreStackThanThereIsIsRefused) {
    for (const std::string &pattern : {std::string("(){50000}b"), std::string("((a{0,100}){0,100}){0,100}"),
                                       std::string(200, '(') + std::string(400, ')'), std::string(600, 'a')}) {
        const auto schema = JsonSchema::parse(schema_with_pattern(pattern));
        ASSERT_FALSE(schema.ok()) << pattern;
        EXPECT_EQ(schema.error().reason, "SchemaInvalid");
    }
    const auto deep = JsonSchema::parse(schema_with_pattern("^((){500}a)*$"));
    ASSERT_TRUE(deep.ok());
    EXPECT_FALSE(deep->apply(R"({"a":")" + std::string(4000, 'a') + "\"}", "config", "ConfigInvalid").ok());
}

TEST(JsonSchema, OrdinaryPatternsCostNothingThatCounts) {
    const std::string dns = "^[a-z][a-z0-9-]*(\\\\.[a-z0-9][a-z0-9-]*)+$";
    const auto schema = JsonSchema::parse(schema_with_pattern(dns));
    ASSERT_TRUE(schema.ok()) << schema.error().message;
    EXPECT_TRUE(schema->apply(R"({"a":"com.example.one-of-many"})", "config", "ConfigInvalid").ok());
    const auto digest = JsonSchema::parse(schema_with_pattern("^[0-9a-f]{64}$"));
    ASSERT_TRUE(digest.ok());
    EXPECT_TRUE(digest->apply(R"({"a":")" + std::string(64, 'c') + "\"}", "config", "ConfigInvalid").ok());
    const auto any = JsonSchema::parse(schema_with_pattern("^[^/]+$"));
    ASSERT_TRUE(any.ok());
    EXPECT_TRUE(any->apply(R"({"a":")" + std::string(1000, 'c') + "\"}", "config", "ConfigInvalid").ok());
}

TEST(JsonSchema, ALongTextWhereADateIsWantedIsRefused) {
    const auto schema = JsonSchema::parse(R"({"type":"object","properties":{"a":{"type":"string","format":"date"}}})");
    ASSERT_TRUE(schema.ok());
    EXPECT_FALSE(schema->apply(R"({"a":")" + std::string(900'000, '1') + "\"}", "config", "ConfigInvalid").ok());
    EXPECT_TRUE(schema->apply(R"({"a":"2026-01-02"})", "config", "ConfigInvalid").ok());
}

TEST(JsonSchema, NamesThePlaceThatIsWrong) {
    const auto schema = JsonSchema::parse(schema_text);
    struct Case {
        const char *text, *message;
    };
    const Case cases[] = {
        {"{}", "config.path: is missing; expected a text that is not empty (where it lies)"},
        {R"({"path":1})", "config.path: found 1; expected a text that is not empty (where it lies)"},
        {R"({"path":""})", "config.path: found ''; expected a text that is not empty (where it lies)"},
        {R"({"path":"x","level":12})", "config.level: found 12; expected a whole number from 0 to 9"},
        {R"({"path":"x","level":1.5})", "config.level: found 1.5; expected a whole number from 0 to 9"},
        {R"({"path":"x","weights":[1,"2"]})", "config.weights[1]: found '2'; expected a number"},
        {R"({"path":"x","weights":[]})",
         "config.weights: found a list without entries; expected a list of at least 1 entries"},
        {R"({"path":"x","deep":{"on":"yes"}})", "config.deep.on: found 'yes'; expected true or false"},
        {R"({"path":"x","deep":[1]})", "config.deep: found a list of 1; expected keys and values"},
        {R"({"path":"x","levle":1})", "config.levle: is not known; remove it or correct its spelling; known here: "
                                      "code, deep, either, key, level, mode, path, ratio, rest, weights"},
        {R"({"path":"x","deep":{"off":1}})",
         "config.deep.off: is not known; remove it or correct its spelling; known here: on"},
        {R"({"path":"x","code":"ABC"})", "config.code: found 'ABC'; expected a text that fits /^[a-z]+$/"},
        {R"({"path":"x","mode":"quick"})", "config.mode: found 'quick'; expected slow or fast"},
        {R"({"path":"x","ratio":0})", "config.ratio: found 0; expected a number of at most 1 above 0"},
        {R"({"path":"x","either":true})", "config.either: found true; expected a text; or a list"},
        {R"({"path":"x","rest":[{"n":-1}]})", "config.rest[0].n: found -1; expected a whole number of at least 0"},
        {R"({"path":"x","key":"top secret"})",
         "config.key: what stands there does not fit; expected a text of 32 to 64 characters"},
        {"[]", "not a JSON object"},
    };
    for (const Case &c : cases) {
        const auto out = schema->apply(c.text, "config", "ConfigInvalid");
        ASSERT_FALSE(out.ok()) << c.text;
        EXPECT_EQ(out.error().reason, "ConfigInvalid");
        EXPECT_THAT(out.error().message, HasSubstr(c.message)) << c.text;
    }
}

TEST(JsonSchema, ThePlaceInTheFileComesFirst) {
    const auto schema = JsonSchema::parse(schema_text);
    const auto out = schema->apply(
        R"({"path":"x","deep":{"on":1}})", "config", "ConfigInvalid",
        [](const std::vector<std::string> &path) { return "x.yaml:" + std::to_string(path.size()) + ": "; });
    ASSERT_FALSE(out.ok());
    EXPECT_EQ(out.error().message, "x.yaml:2: config.deep.on: found 1; expected true or false");
}

TEST(JsonSchema, WhatHasNoWordsOfItsOwnIsStillRefused) {
    const auto schema = JsonSchema::parse(
        R"({"type":"object","properties":{"a":{"type":"array","uniqueItems":true}},"not":{"required":["b"]}})");
    ASSERT_TRUE(schema.ok());
    for (const char *bad : {R"({"a":[1,1]})", R"({"b":1})"})
        EXPECT_FALSE(schema->apply(bad, "config", "ConfigInvalid").ok()) << bad;
}

TEST(JsonSchema, LongTextsNeverReachTheRegularExpression) {
    const auto schema = JsonSchema::parse(schema_text);
    const auto out =
        schema->apply(R"({"path":"x","code":")" + std::string(200'000, 'a') + "\"}", "config", "ConfigInvalid");
    ASSERT_FALSE(out.ok());
    EXPECT_THAT(out.error().message, HasSubstr("longer than 4096 bytes"));
}

TEST(JsonSchema, RefusesSchemasThatItCannotUse) {
    for (const char *bad : {"", "[]", "{", R"({"type":12})", R"({"$ref":"http://example.com/x.json"})",
                            R"({"properties":{"a":{"$ref":"other.json#/x"}}})"})
        EXPECT_EQ(JsonSchema::parse(bad).error().reason, "SchemaInvalid") << bad;
}

} // namespace
} // namespace rigger::host
