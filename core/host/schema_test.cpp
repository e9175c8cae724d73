#include "host/schema.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rigger::host {
namespace {
using testing::HasSubstr;

constexpr const char *schema_text = R"({"type":"object","additionalProperties":false,"required":["path"],"properties":{
    "path":{"type":"string","minLength":1},
    "level":{"type":"integer","minimum":0,"maximum":9,"default":3},
    "weights":{"type":"array","items":{"type":"number"}},
    "deep":{"type":"object","default":{},"additionalProperties":false,"properties":{"on":{"type":"boolean","default":true}}},
    "code":{"type":"string","pattern":"^[a-z]+$"}}})";

TEST(JsonSchema, FillsDefaultsAtEveryDepth) {
    const auto schema = JsonSchema::parse(schema_text);
    ASSERT_TRUE(schema.ok());
    EXPECT_EQ(*schema->apply(R"({"path":"x"})", "config", "ConfigInvalid"), R"({"deep":{"on":true},"level":3,"path":"x"})");
    EXPECT_EQ(*schema->apply(R"({"path":"x","deep":{"on":false},"level":1})", "config", "ConfigInvalid"), R"({"deep":{"on":false},"level":1,"path":"x"})");
}

TEST(JsonSchema, NamesThePlaceThatIsWrong) {
    const auto schema = JsonSchema::parse(schema_text);
    struct Case {
        const char *text, *message;
    };
    const Case cases[] = {
        {"{}", "path"},
        {R"({"path":1})", "config.path: "},
        {R"({"path":"x","level":12})", "config.level: "},
        {R"({"path":"x","weights":[1,"2"]})", "config.weights[1]: "},
        {R"({"path":"x","deep":{"on":"yes"}})", "config.deep.on: "},
        {R"({"path":"x","levle":1})", "config: 'levle' is not known"},
        {R"({"path":"x","code":"ABC"})", "config.code: "},
        {"[]", "not a JSON object"},
    };
    for (const Case &c : cases) {
        const auto out = schema->apply(c.text, "config", "ConfigInvalid");
        ASSERT_FALSE(out.ok()) << c.text;
        EXPECT_EQ(out.error().reason, "ConfigInvalid");
        EXPECT_THAT(out.error().message, HasSubstr(c.message)) << c.text;
    }
}

TEST(JsonSchema, LongTextsNeverReachTheRegularExpression) {
    const auto schema = JsonSchema::parse(schema_text);
    const auto out = schema->apply(R"({"path":"x","code":")" + std::string(200'000, 'a') + "\"}", "config", "ConfigInvalid");
    ASSERT_FALSE(out.ok());
    EXPECT_THAT(out.error().message, HasSubstr("longer than 4096 bytes"));
}

TEST(JsonSchema, RefusesSchemasThatItCannotUse) {
    for (const char *bad : {"", "[]", "{", R"({"type":12})", R"({"$ref":"http://example.com/x.json"})", R"({"properties":{"a":{"$ref":"other.json#/x"}}})"})
        EXPECT_EQ(JsonSchema::parse(bad).error().reason, "SchemaInvalid") << bad;
}

} // namespace
} // namespace rigger::host
