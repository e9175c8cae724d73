// Lists and watch events, object by object.
#include "kube/stream.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sstream>
#include <vector>

namespace kube {
namespace {
using Json = nlohmann::json;

struct Read {
    rig::Result<ListTail> tail;
    std::vector<Json> items;
};
Read read(const std::string &text) {
    std::vector<Json> items;
    std::stringbuf in(text);
    auto tail = read_list(in, "v1", "Pod", [&](std::string_view item) -> rig::Status {
        items.push_back(Json::parse(item));
        return {};
    });
    return {std::move(tail), std::move(items)};
}

TEST(List, ItemsComeOneByOne_WithTheirKind) {
    const Read r =
        read(R"({"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"17","continue":"abc"},"items":[
        {"metadata":{"name":"a","resourceVersion":"3"}}, {"apiVersion":"x/v1","kind":"Own","metadata":{"name":"b","n":1}}]})");
    ASSERT_TRUE(r.tail.ok()) << r.tail.error().message;
    ASSERT_EQ(r.items.size(), 2U);
    EXPECT_EQ(r.items[0],
              Json::parse(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","resourceVersion":"3"}})"));
    EXPECT_EQ(r.items[1].at("kind"), "Own");
    auto tail = r.tail;
    EXPECT_EQ(tail->resource_version, "17");
    EXPECT_EQ(tail->next, "abc");
}
TEST(List, ManagedFieldsAreEmptied_AndNothingElseIs) {
    const Read r = read(
        R"({"items":[{"metadata":{"managedFields":[{"f":{"x":[1,2]}},3],"name":"a"},"spec":{"managedFields":[1]}}],"metadata":{"resourceVersion":"1"}})");
    ASSERT_TRUE(r.tail.ok());
    EXPECT_EQ(
        r.items.at(0),
        Json::parse(
            R"({"apiVersion":"v1","kind":"Pod","metadata":{"managedFields":[],"name":"a"},"spec":{"managedFields":[1]}})"));
}
TEST(List, AnEmptyOrNullListIsNoError) {
    EXPECT_TRUE(read(R"({"metadata":{"resourceVersion":"1"},"items":[]})").tail.ok());
    EXPECT_TRUE(read(R"({"metadata":{"resourceVersion":"1"},"items":null})").tail.ok());
}
TEST(List, WhatIsCutOrNoJson_IsUnavailable_NotAnEmptyList) {
    for (const char *text :
         {"", "{", R"({"items":[{"metadata":{}})", R"({"items":[]} trailing)", "<html>", R"({"items":[{"a":)"}) {
        const Read r = read(text);
        ASSERT_FALSE(r.tail.ok()) << text;
        EXPECT_EQ(r.tail.error().code, RIG_E_UNAVAILABLE) << text;
    }
}
TEST(List, DeepNestingAndHugeObjectsAreRefused) {
    const Read deep = read(R"({"items":[{"a":)" + std::string(5000, '[') + std::string(5000, ']') + "}]}");
    ASSERT_FALSE(deep.tail.ok());
    EXPECT_NE(deep.tail.error().message.find("deep"), std::string::npos);
    const Read huge = read(R"({"items":[{"a":")" + std::string(most_object_bytes + 10, 'x') + "\"}]}");
    ASSERT_FALSE(huge.tail.ok());
    EXPECT_NE(huge.tail.error().message.find("MiB"), std::string::npos);
}
TEST(List, AReceiverThatRefuses_EndsTheReading) {
    std::stringbuf in(std::string(R"({"items":[{},{}]})"));
    int seen = 0;
    const auto tail = read_list(in, "v1", "Pod", [&](std::string_view) -> rig::Status {
        ++seen;
        return rig::Error{RIG_E_EXHAUSTED, "Full", "no more", 0};
    });
    ASSERT_FALSE(tail.ok());
    EXPECT_EQ(tail.error().code, RIG_E_EXHAUSTED);
    EXPECT_EQ(seen, 1);
}
TEST(Watch, EventsFollowEachOther_UntilTheStreamEnds) {
    std::stringbuf in(
        std::string(R"({"type":"ADDED","object":{"kind":"Pod","metadata":{"resourceVersion":"5"}}})") + "\n" +
        R"({"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"9","managedFields":[1]},"n":7}})" +
        "\n");
    auto first = read_event(in);
    ASSERT_TRUE(first.ok());
    EXPECT_EQ((*first)->type, "ADDED");
    EXPECT_EQ((*first)->resource_version, "5");
    auto second = read_event(in);
    ASSERT_TRUE(second.ok());
    EXPECT_EQ((*second)->resource_version, "9");
    EXPECT_EQ(Json::parse((*second)->object).at("n"), 7);
    auto end = read_event(in);
    ASSERT_TRUE(end.ok());
    EXPECT_FALSE(end->has_value());
}
TEST(Watch, ACutEvent_IsAnError_NotAnEnd) {
    std::stringbuf in(std::string(R"({"type":"ADDED","object":{"kind":"Po)"));
    EXPECT_FALSE(read_event(in).ok());
}
} // namespace
} // namespace kube
