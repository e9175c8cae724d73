#include "engine/http_server/arguments.hpp"
#include "engine/http_server/json_text.hpp"
#include "engine/http_server/uri.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rigger::http_server {
namespace {

using Json = nlohmann::json;
using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST(Uri, SegmentsAreDecodedAfterTheyAreSplit) {
    const auto target = parse_target("/v1/bans/Qwen%2FQwen3-32B?reason=a+b%20c&x=");
    ASSERT_TRUE(target.ok());
    EXPECT_EQ(target->segments, (std::vector<std::string>{"v1", "bans", "Qwen/Qwen3-32B"}));
    EXPECT_EQ(target->query, (Pairs{{"reason", "a b c"}, {"x", ""}}));
}

TEST(Uri, PlusInAPathIsAPlus) { EXPECT_EQ(parse_target("/a+b")->segments, std::vector<std::string>{"a+b"}); }

TEST(Uri, ATrailingSlashIsAnotherPath) {
    EXPECT_EQ(parse_target("/v1/nodes/")->segments, (std::vector<std::string>{"v1", "nodes", ""}));
}

TEST(Uri, MalformedTargetsAreRefused) {
    for (const char *bad : {"", "v1", "http://x/v1", "/%", "/%4", "/%zz", "/%00", "/%0a", "/%ff", "/%c0%80",
                            "/%ed%a0%80", "/%f5%80%80%80", "/?a=%", "/?%00=1", "/?a=%c2%80", "*"}) {
        const auto target = parse_target(bad);
        ASSERT_FALSE(target.ok()) << bad;
        EXPECT_EQ(target.error().reason, "MalformedUri") << bad;
    }
}

TEST(Uri, ChineseNamesAreText) { EXPECT_EQ(parse_target("/%E8%8A%82%E7%82%B9")->segments.at(0), "节点"); }

TEST(JsonText, AnObjectIsRead) {
    EXPECT_EQ(*parse_object(R"({"a":[1,{"b":null}]})", 32), Json::parse(R"({"a":[1,{"b":null}]})"));
}

TEST(JsonText, WhatIsNoObjectIsRefused) {
    for (const char *bad : {"", " ", "[]", "1", "\"x\"", "null", "{", "{\"a\":1}x", "{a:1}", "{\"a\":1,}",
                            "{\"a\":NaN}", "{\"a\":\"\xff\"}", "\x80\x81"})
        EXPECT_EQ(parse_object(bad, 32).error().reason, "MalformedJson") << bad;
}

TEST(JsonText, DepthIsLimitedWhateverItIsMadeOf) {
    const std::string deep = "{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
    EXPECT_EQ(parse_object(deep, 32).error().reason, "JsonTooDeep");
    std::string objects;
    for (int i = 0; i < 50'000; ++i) objects += "{\"a\":";
    EXPECT_EQ(parse_object(objects, 32).error().reason, "JsonTooDeep");
    EXPECT_TRUE(parse_object(R"({"brackets in text":"[[[[[[[[{{{{{{{"})", 2).ok());
}

TEST(JsonText, AMemberGivenTwiceIsRefusedByName) {
    const auto result = parse_object(R"({"a":{"x":1,"y":{"x":2}},"dryRun":true,"dryRun":false})", 32);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().reason, "DuplicateMember");
    EXPECT_NE(result.error().message.find("'dryRun'"), std::string::npos);
    EXPECT_TRUE(parse_object(R"({"a":{"x":1},"b":{"x":2}})", 32).ok());
}

class Arguments : public ::testing::Test {
protected:
    Result<std::string> make(const Pairs &query, std::string_view body = "", const Pairs &path = {}) {
        return make_arguments(command_, path, query, body, 32);
    }
    std::string reason(const Pairs &query, std::string_view body = "", const Pairs &path = {}) {
        const auto result = make(query, body, path);
        return result.ok() ? "ok " + *result : result.error().reason;
    }
    Command command_ = [] {
        Command c;
        c.name = "demo";
        c.options = {{"text", OptionType::string},   {"count", OptionType::integer}, {"ratio", OptionType::number},
                     {"force", OptionType::boolean}, {"tags", OptionType::array},    {"object", OptionType::other}};
        return c;
    }();
};

TEST_F(Arguments, TextsBecomeTheDeclaredTypes) {
    const auto result =
        make({{"text", "5"}, {"count", "-5"}, {"ratio", "2.5e1"}, {"force", "true"}, {"tags", "a"}, {"tags", "b"}});
    ASSERT_TRUE(result.ok()) << result.error().message;
    EXPECT_EQ(Json::parse(*result),
              Json::parse(R"({"text":"5","count":-5,"ratio":25.0,"force":true,"tags":["a","b"]})"));
}

TEST_F(Arguments, ABareFlagIsTrue) { EXPECT_EQ(*make({{"force", ""}}), R"({"force":true})"); }

TEST_F(Arguments, WrongTypesAreRefused) {
    for (const Pairs &bad : std::vector<Pairs>{{{"count", "x"}},
                                               {{"count", "1.5"}},
                                               {{"count", ""}},
                                               {{"count", " 1"}},
                                               {{"count", "99999999999999999999"}},
                                               {{"ratio", "nan"}},
                                               {{"ratio", "inf"}},
                                               {{"ratio", "1,5"}},
                                               {{"force", "yes"}},
                                               {{"object", "{}"}}})
        EXPECT_EQ(reason(bad), "InvalidArguments") << bad[0].first << "=" << bad[0].second;
}

TEST_F(Arguments, UnknownNamesAreRefusedAndTheKnownOnesListed) {
    EXPECT_EQ(reason({{"txet", "1"}}), "UnknownOption");
    EXPECT_EQ(reason({}, R"({"txet":1})"), "UnknownOption");
    EXPECT_NE(make({{"txet", "1"}}).error().message.find("text"), std::string::npos);
}

TEST_F(Arguments, OneOptionInTwoPlacesIsRefused) {
    EXPECT_EQ(reason({{"text", "a"}, {"text", "b"}}), "DuplicateOption");
    EXPECT_EQ(reason({{"text", "a"}}, R"({"text":"b"})"), "DuplicateOption");
    EXPECT_EQ(reason({}, R"({"text":"b"})", {{"text", "a"}}), "DuplicateOption");
    EXPECT_EQ(reason({{"text", "b"}}, "", {{"text", "a"}}), "DuplicateOption");
}

TEST_F(Arguments, BodyMembersArePassedOnAsTheyAre) {
    EXPECT_EQ(*make({}, R"({"object":{"a":[1]},"count":"left to the command's schema"})"),
              R"({"count":"left to the command's schema","object":{"a":[1]}})");
}

TEST_F(Arguments, WatchSpeaksToTheServer) {
    EXPECT_EQ(*make({{"watch", "true"}}), "{}");
    command_.options.emplace("watch", OptionType::string);
    EXPECT_EQ(*make({{"watch", "birds"}}), R"({"watch":"birds"})");
}

TEST_F(Arguments, AMegabyteOfTextIsOneArgument) {
    const std::string big(1 << 20, 'x');
    EXPECT_EQ(Json::parse(*make({{"text", big}}))["text"], big);
    EXPECT_LT(make({{big, "1"}}).error().message.size(), 300u) << "an error must not repeat what it was sent";
}

} // namespace
} // namespace rigger::http_server
