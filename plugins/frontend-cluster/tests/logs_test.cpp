#include "commands.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rigger/sdk/testing/fake_host.hpp>

#include <vector>

namespace {
using Json = nlohmann::json;

class Logs : public ::testing::Test {
protected:
    void log_is(std::string text) {
        host.on_stream([text](auto, auto) -> rig::Result<std::string> { return text; });
    }
    rig::Result<std::string> run(const char *arguments) {
        const rig_sink sink{&progress, [](void *ctx, const void *data, size_t len) -> rig_code {
                                static_cast<std::vector<std::string> *>(ctx)->emplace_back(
                                    static_cast<const char *>(data), len);
                                return RIG_OK;
                            }};
        return cluster_commands::logs(rig::Control(host.host()), rig::Call(nullptr), arguments, rig::Sink(&sink));
    }
    static std::string text_of(rig::Result<std::string> answer) {
        return answer.ok() ? Json::parse(*answer)["text"].get<std::string>() : "failed: " + answer.error().message;
    }
    rig::testing::FakeHost host;
    std::vector<std::string> progress;
};

TEST_F(Logs, ComeAsOneText) {
    log_is("one\ntwo\n");
    EXPECT_EQ(text_of(run(R"({"deployment":"d"})")), "one\ntwo");
    EXPECT_TRUE(progress.empty());
    EXPECT_EQ(host.asked().at(0).what, "logs");
    EXPECT_EQ(host.asked().at(0).arguments, R"({"deployment":"d"})");
}

TEST_F(Logs, WhenFollowedComeInWholeLines) {
    log_is("first\nsecond \xe4\xb8\xad\xe6\x96\x87\nlast"); // the fake tears it in the middle
    EXPECT_EQ(text_of(run(R"({"deployment":"d","follow":true})")), "");
    std::string all;
    for (const std::string &piece : progress) all += Json::parse(piece)["text"].get<std::string>();
    EXPECT_EQ(all, "first\nsecond \xe4\xb8\xad\xe6\x96\x87\nlast");
    EXPECT_GE(progress.size(), 2u);
}

TEST_F(Logs, OfManyMegabytesKeepTheNewestWholeLines) {
    std::string text;
    for (int i = 0; text.size() < (20u << 20); ++i)
        text += "line " + std::to_string(i) + " " + std::string(1000, 'x') + "\n";
    text += "the end\n";
    log_is(text);
    const std::string kept = text_of(run(R"({"deployment":"d"})"));
    ASSERT_GE(kept.size(), 7u);
    EXPECT_LE(kept.size(), 8u << 20);
    EXPECT_EQ(kept.substr(0, 5), "line ");
    EXPECT_EQ(kept.substr(kept.size() - 7), "the end");
}

TEST_F(Logs, PassOnWhyThereAreNone) {
    host.on_stream([](auto, auto) -> rig::Result<std::string> {
        return rig::Error{RIG_E_NOT_FOUND, "NoPod", "deployment d has no pod", 0};
    });
    EXPECT_EQ(run(R"({"deployment":"d"})").error().reason, "NoPod");
    EXPECT_EQ(run(R"({"deployment":"d","follow":true})").error().reason, "NoPod");
}

} // namespace
