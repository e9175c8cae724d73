#include "replay.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace catalog {
namespace {

using ::testing::HasSubstr;

std::string replay_refusal(const std::string &text) {
    const auto steps = parse_replay(text, "r.jsonl");
    return steps.ok() ? "accepted" : steps.error().message;
}

TEST(Replay, ReadsEverySortOfLine) {
    auto steps = parse_replay(R"(# a comment
{"at":0,"chute":{"chute_id":"c","name":"x"},"metrics":{"chute_id":"c","instance_count":2},"utilization":{"chute_id":"c","scalable":true}}

{"at":1.5,"event":{"reason":"bounty_change","data":{"chute_id":"c","bounty":7}}}
{"at":1.5,"remove":"c"}
{"at":9,"deleteInstances":{"offer":"x","count":2,"message":"m"}}
)",
                              "r.jsonl");
    ASSERT_TRUE(steps.ok()) << steps.error().message;
    ASSERT_EQ(steps->size(), 4u);
    EXPECT_EQ((*steps)[0].chute->id, "c");
    EXPECT_EQ((*steps)[0].metrics->second.instances, 2);
    EXPECT_EQ((*steps)[0].line, 2u);
    EXPECT_THAT((*steps)[1].event, HasSubstr(R"("type":"bounty_change")"));
    EXPECT_EQ((*steps)[2].remove, "c");
    EXPECT_EQ((*steps)[3].deletion->count, 2u);
}

TEST(Replay, Times_MayBeAbsolute_FromTheFirstLineOn) {
    auto steps = parse_replay(
        "{\"at\":\"2026-01-01T00:00:10Z\",\"remove\":\"a\"}\n{\"at\":\"2026-01-01T00:01:00Z\",\"remove\":\"b\"}\n",
        "r.jsonl");
    ASSERT_TRUE(steps.ok()) << steps.error().message;
    EXPECT_EQ((*steps)[0].at, 0);
    EXPECT_EQ((*steps)[1].at, 50);
}

TEST(Replay, RefusesWhatItDoesNotUnderstand_WithTheLine) {
    const std::pair<const char *, const char *> cases[] = {
        {"{\"at\":0,\"remove\":\"a\"}\n{", "r.jsonl:2"},
        {"[]", "r.jsonl:1: must be an object"},
        {"{\"remove\":\"a\"}", "at must be"},
        {"{\"at\":-1,\"remove\":\"a\"}", "at must be"},
        {"{\"at\":\"yesterday\",\"remove\":\"a\"}", "at must be"},
        {"{\"at\":5,\"remove\":\"a\"}\n{\"at\":4,\"remove\":\"a\"}", "r.jsonl:2: its time lies before"},
        {"{\"at\":0}", "holds none of"},
        {"{\"at\":0,\"chute\":{\"name\":\"x\"}}", "chute.chute_id is missing"},
        {"{\"at\":0,\"chute\":{\"chute_id\":\"x\",\"cords\":1}}", "chute.cords"},
        {"{\"at\":0,\"metrics\":{\"instance_count\":1}}", "metrics.chute_id is missing"},
        {"{\"at\":0,\"event\":{}}", "event.type is missing"},
        {"{\"at\":0,\"event\":7}", "event must be an object"},
        {"{\"at\":0,\"deleteInstances\":{\"count\":-1}}", "deleteInstances.count"},
        {"{\"at\":0,\"remove\":7}", "remove must be a string"},
    };
    for (const auto &[text, mentioned] : cases) EXPECT_THAT(replay_refusal(text), HasSubstr(mentioned)) << text;
}

TEST(Replay, Play_CarriesChangesOver_UpToTheStep) {
    Items items;
    items.chutes.resize(2);
    items.chutes[0].id = "a";
    items.chutes[1].id = "b";
    auto steps = parse_replay(R"({"at":0,"remove":"a"}
{"at":1,"chute":{"chute_id":"c","name":"new"}}
{"at":2,"chute":{"chute_id":"b","name":"changed"},"metrics":{"chute_id":"b","instance_count":4}}
{"at":3,"chute":{"chute_id":"a","name":"back"}}
)",
                              "r.jsonl");
    ASSERT_TRUE(steps.ok());
    Items some = items, all = items;
    play(some, *steps, 2);
    ASSERT_EQ(some.chutes.size(), 2u);
    EXPECT_EQ(some.chutes[0].id, "b");
    EXPECT_EQ(some.chutes[1].id, "c");
    play(all, *steps, 99);
    ASSERT_EQ(all.chutes.size(), 3u);
    EXPECT_EQ(all.chutes[0].name, "back");
    EXPECT_EQ(all.chutes[1].name, "changed");
    EXPECT_EQ(all.metrics.at("b").instances, 4);
}

} // namespace
} // namespace catalog
