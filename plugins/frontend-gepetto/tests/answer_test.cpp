#include "answer.hpp"
#include "fake_control.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace {

using Json = nlohmann::json;

class Answer : public ::testing::Test {
protected:
    rig::Result<std::string> ask(std::string_view command, std::string_view arguments = "{}",
                                 const rig_sink *progress = nullptr) {
        return gepetto::answer(fake_.control(), rig::Call(nullptr), command, arguments, progress);
    }
    std::vector<std::string> order(std::string_view command, const char *key) {
        auto document = ask(command);
        EXPECT_TRUE(document.ok()) << document.error().message;
        const Json answer = Json::parse(*document);
        std::vector<std::string> keys;
        for (const Json &item : answer["items"])
            keys.push_back(item[key].is_null() ? "null" : item[key].get<std::string>());
        return keys;
    }
    FakeControl fake_;
};

struct Case {
    const char *command, *given, *called, *arguments;
};
class Translation : public Answer, public ::testing::WithParamInterface<Case> {};

TEST_P(Translation, ReachesTheViewOrVerbWithItsArguments) {
    fake_.answer = R"({"items":[]})";
    const auto result = ask(GetParam().command, GetParam().given);
    ASSERT_TRUE(result.ok()) << result.error().message;
    EXPECT_EQ(fake_.called, GetParam().called);
    EXPECT_EQ(Json::parse(fake_.arguments), Json::parse(GetParam().arguments));
}

INSTANTIATE_TEST_SUITE_P(
    EveryCommand, Translation,
    ::testing::Values(
        Case{"nodes", "{}", "query nodes", "{}"},
        Case{"pods", R"({"namespace":"chutes"})", "query pods", R"({"namespace":"chutes"})"},
        Case{"pods", R"({"namespace":null})", "query pods", "{}"},
        Case{"insts", R"({"node":"gpu-0"})", "query instances", R"({"node":"gpu-0"})"},
        Case{"chutes", R"({"gpu":"h100","all":false})", "query offers", R"({"gpu":"h100","all":false})"},
        Case{"scales", R"({"gpu":"a100","server":"x","limit":3})", "query pairs",
             R"({"gpu":"a100","server":"x","limit":3})"},
        Case{"why-not", R"({"chute":"demo","server":"s"})", "query why-not", R"({"offer":"demo","server":"s"})"},
        Case{"deploy", R"({"chute":"demo","server":"s","dryRun":true,"wait":false})", "act deploy",
             R"({"offer":"demo","server":"s","dryRun":true,"wait":false})"},
        Case{"undeploy", R"({"deployment":"3f2a","reason":"r"})", "act undeploy",
             R"({"deployment":"3f2a","reason":"r"})"},
        Case{"recycle", R"({"dryRun":false,"force":true})", "act recycle", R"({"dryRun":false,"force":true})"},
        Case{"plan", "{}", "act plan", "{}"}, Case{"ban", R"({"chute":"demo"})", "act ban", R"({"offer":"demo"})"},
        Case{"unban", R"({"chute":"demo"})", "act unban", R"({"offer":"demo"})"},
        Case{"lock", R"({"server":"s"})", "act lock", R"({"server":"s"})"},
        Case{"unlock", R"({"server":"s"})", "act unlock", R"({"server":"s"})"}, Case{"sync", "{}", "act sync", "{}"},
        Case{"forget", R"({"server":"s","force":true})", "act forget", R"({"force":true,"server":"s"})"},
        Case{"status", "{}", "query status", "{}"}, Case{"events", R"({"limit":5})", "query events", R"({"limit":5})"},
        Case{"failures", "{}", "query failures", "{}"}, Case{"servers", "{}", "query servers", "{}"},
        Case{"gpus", "{}", "query gpus", "{}"}, Case{"deployments", "{}", "query deployments", "{}"}));

TEST_F(Answer, Nodes_AreSortedByName) {
    fake_.answer = R"({"items":[{"nodeName":"b"},{"nodeName":"c"},{"nodeName":"a"}]})";
    EXPECT_EQ(order("nodes", "nodeName"), (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(Answer, Pods_AreSortedByNamespaceNodeAndName_PendingOnesWithoutNodeIncluded) {
    fake_.answer =
        R"({"items":[{"namespace":"z","nodeName":"a","podName":"p1"},{"namespace":"a","nodeName":"n","podName":"p3"},
                                {"namespace":"a","nodeName":"n","podName":"p2"},{"namespace":"a","nodeName":null,"podName":"p4"},{"podName":"p5"}]})";
    EXPECT_EQ(order("pods", "podName"), (std::vector<std::string>{"p5", "p4", "p2", "p3", "p1"}));
}

TEST_F(Answer, Insts_ShowReadyOnesFirst) {
    fake_.answer =
        R"({"items":[{"deploymentId":"1","ready":false,"nodeName":"a","offerName":"x"},{"deploymentId":"2","ready":true,"nodeName":"b","offerName":"y"},
                                {"deploymentId":"3","ready":true,"nodeName":"b","offerName":"x"},{"deploymentId":"4","nodeName":"a","offerName":"a"}]})";
    EXPECT_EQ(order("insts", "deploymentId"), (std::vector<std::string>{"3", "2", "4", "1"}));
}

TEST_F(Answer, Chutes_AreSortedByGain_EqualOnesKeepTheirOrder) {
    fake_.answer =
        R"({"items":[{"offerId":"low","gain":1.5},{"offerId":"first","gain":7},{"offerId":"second","gain":7.0},{"offerId":"none","gain":null}]})";
    EXPECT_EQ(order("chutes", "offerId"), (std::vector<std::string>{"first", "second", "low", "none"}));
}

TEST_F(Answer, SortingKeepsWarningsSnapshotAndUnknownFields) {
    fake_.answer = R"({"items":[{"nodeName":"b","new":1},{"nodeName":"a"}],"snapshot":7,"warnings":["stale"]})";
    const Json answer = Json::parse(*ask("nodes"));
    EXPECT_EQ(answer["snapshot"], 7);
    EXPECT_EQ(answer["warnings"], Json::array({"stale"}));
    EXPECT_EQ(answer["items"][1]["new"], 1);
}

TEST_F(Answer, Scales_AreHandedOnUnchanged) {
    fake_.answer = R"({"items":[{"value":1.0},{"value":2.0}]})";
    EXPECT_EQ(*ask("scales"), fake_.answer);
}

TEST_F(Answer, AFailureKeepsItsReasonAndMessage) {
    fake_.failure = {RIG_E_NOT_FOUND, "UnknownOffer", "no offer is called 'x'", 0};
    const auto result = ask("why-not", R"({"chute":"x"})");
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, RIG_E_NOT_FOUND);
    EXPECT_EQ(result.error().reason, "UnknownOffer");
    EXPECT_EQ(result.error().message, "no offer is called 'x'");
}

TEST_F(Answer, ProgressReachesTheCaller) {
    std::string seen;
    const rig_sink sink = rig::detail::collect(seen);
    fake_.progress = R"({"phase":"claimed"})";
    ASSERT_TRUE(ask("deploy", R"({"chute":"c","server":"s"})", &sink).ok());
    EXPECT_EQ(seen, fake_.progress);
}

TEST_F(Answer, AnUnknownCommandIsRefusedByName) {
    const auto result = ask("explode");
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, RIG_E_NOT_FOUND);
    EXPECT_NE(result.error().message.find("'explode'"), std::string::npos);
}

TEST_F(Answer, ArgumentsThatAreNoObjectAreRefusedBeforeTheDaemonIsAsked) {
    for (const char *bad : {"", "[]", "null", "{", "\"x\"", "\xff\xfe"})
        EXPECT_EQ(ask("nodes", bad).error().code, RIG_E_INVALID) << bad;
    EXPECT_EQ(fake_.called, "");
}

TEST_F(Answer, AViewWithoutItemsIsAnInternalErrorThatNamesIt) {
    for (const char *bad : {"{}", R"({"items":3})", "[]", "nonsense"}) {
        fake_.answer = bad;
        const auto result = ask("nodes");
        ASSERT_FALSE(result.ok()) << bad;
        EXPECT_EQ(result.error().reason, "MalformedView");
    }
}

} // namespace
