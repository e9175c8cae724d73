#include "engine/http_server/event_stream.hpp"
#include "fake_daemon.hpp"
#include "raw_client.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <future>
#include <thread>

namespace rigger::http_server {
namespace {

using Json = nlohmann::json;
using Ms = std::chrono::milliseconds;

TEST(EventText, SplitsADocumentOfSeveralLines) {
    EXPECT_EQ(event_text("result", "{\n \"a\":1\n}\n", 7),
              "event: result\nid: 7\ndata: {\ndata:  \"a\":1\ndata: }\n\n");
    EXPECT_EQ(event_text("progress", ""), "event: progress\ndata: \n\n");
}

TEST(Differ, LooksPastWhenAResultWasTaken) {
    EXPECT_FALSE(differ(R"({"items":[1],"snapshot":1,"takenAt":"a"})", R"({"items":[1],"snapshot":2,"takenAt":"b"})"));
    EXPECT_TRUE(differ(R"({"items":[1],"snapshot":1})", R"({"items":[2],"snapshot":1})"));
    EXPECT_TRUE(differ("text", "other"));
}

class Streaming : public ::testing::Test {
protected:
    Streaming() {
        daemon.options.limits.watch_pause = Ms(1);
        daemon.commands.on("nodes", [this](auto &&...) -> Result<std::string> {
            return "{\"items\":[" + std::to_string(value.load()) + "]}";
        });
    }
    void start() { ASSERT_TRUE(daemon.start().ok()); }
    void publish(int v) {
        value = v;
        daemon.server->snapshot_changed(++version);
    }
    FakeDaemon daemon;
    std::atomic<int> value{1};
    uint64_t version = 0;
};

TEST_F(Streaming, AWatchSendsTheResultNowAndAgainWhenItChanged) {
    start();
    RawClient client(daemon.socket_path());
    client.send(request("GET", "/v1/nodes?watch=true"));
    const std::string head = client.read_until("\r\n\r\n");
    EXPECT_NE(head.find("Content-Type: text/event-stream"), std::string::npos);
    EXPECT_NE(client.read_until("\n\n").find("data: {\"items\":[1]}"), std::string::npos);
    publish(2);
    EXPECT_NE(client.read_until("\n\n").find("data: {\"items\":[2]}"), std::string::npos);
}

TEST_F(Streaming, OutputThatGoesOnIsStreamedWhateverIsAccepted) {
    std::atomic<uint64_t> deadline{0};
    daemon.commands.on(
        "logs", [&](const Principal &, const CallContext &call, auto &&, const auto &progress) -> Result<std::string> {
            deadline = call.deadline.ns;
            progress(R"({"text":"one\n"})");
            return std::string(R"({"text":""})");
        });
    start();
    for (const std::string &asked : {request("GET", "/v1/logs/d?follow=true"),
                                     request("POST", "/v1/commands/logs", "", R"({"deployment":"d","follow":true})")}) {
        RawClient client(daemon.socket_path());
        client.send(asked);
        EXPECT_NE(client.read_until("\r\n\r\n").find("Content-Type: text/event-stream"), std::string::npos) << asked;
        EXPECT_NE(client.read_until("\n\n").find(R"(data: {"text":"one\n"})"), std::string::npos);
        EXPECT_EQ(deadline.load(), 24u * 3'600'000'000'000u + 1'000u);
    }
    RawClient client(daemon.socket_path());
    client.send(request("GET", "/v1/logs/d?follow=false"));
    EXPECT_NE(client.read_until("\r\n\r\n").find("Content-Type: application/json"), std::string::npos);
}

TEST_F(Streaming, TheAcceptHeaderAsksForItAsWell_AlsoOnTheGenericRoute) {
    start();
    RawClient client(daemon.socket_path());
    client.send(request("POST", "/v1/commands/nodes", "Accept: text/event-stream\r\n", "{}"));
    EXPECT_NE(client.read_until("\n\n").find("text/event-stream"), std::string::npos);
}

TEST_F(Streaming, AnUnchangedResultIsNotSentAgain_ASilentStreamIsKeptAlive) {
    daemon.options.limits.keep_alive = Ms(20);
    start();
    RawClient client(daemon.socket_path());
    client.send(request("GET", "/v1/nodes?watch=true"));
    client.read_until("[1]}\n\n");
    publish(1);
    EXPECT_NE(client.read_until(": keep-alive\n\n").find(": keep-alive"), std::string::npos);
    publish(3);
    const std::string next = client.read_until("[3]}\n\n");
    EXPECT_EQ(next.find("[1]"), std::string::npos);
}

TEST_F(Streaming, AWatchNeedsTheSameRole) {
    start();
    EXPECT_EQ(RawClient(daemon.server->tcp_port()).ask(request("GET", "/v1/nodes?watch=true")).status, 401);
}

TEST_F(Streaming, AFailureThatMayPassIsReportedAndTheStreamGoesOn) {
    std::atomic<bool> broken{false};
    daemon.commands.on("nodes", [&](auto &&...) -> Result<std::string> {
        if (broken) return Error{Code::unavailable, "BreakerOpen", "try later", 0};
        return std::string("{\"items\":[1]}");
    });
    start();
    RawClient client(daemon.socket_path());
    client.send(request("GET", "/v1/nodes?watch=true"));
    client.read_until("[1]}\n\n");
    broken = true;
    publish(0);
    EXPECT_NE(client.read_until("\n\n").find("event: error"), std::string::npos);
    broken = false;
    publish(0);
    EXPECT_NE(client.read_until("[1]}\n\n").find("event: result"), std::string::npos);
}

TEST_F(Streaming, AFailureThatCannotPassEndsTheStream) {
    daemon.commands.on("nodes",
                       [](auto &&...) -> Result<std::string> { return not_found("UnknownServer", "no such server"); });
    start();
    RawClient client(daemon.socket_path());
    client.send(request("GET", "/v1/nodes?watch=true"));
    const std::string all = client.read_rest();
    EXPECT_NE(all.find("event: error"), std::string::npos);
    EXPECT_NE(all.find("UnknownServer"), std::string::npos);
}

TEST_F(Streaming, AWritingCommandStreamsItsProgressAndThenItsResult) {
    daemon.commands.on("deploy",
                       [](const Principal &, const CallContext &, std::string_view,
                          const std::function<void(std::string_view)> &progress) -> Result<std::string> {
                           progress(R"({"phase":"claimed"})");
                           progress(R"({"phase":"created"})");
                           return std::string(R"({"actions":[]})");
                       });
    start();
    RawClient client(daemon.socket_path());
    client.send(request("POST", "/v1/deployments", "Accept: text/event-stream\r\n", R"({"chute":"c"})"));
    const std::string all = client.read_rest();
    const size_t first = all.find("claimed"), second = all.find("created"), result = all.find("event: result");
    EXPECT_TRUE(first < second && second < result && result != std::string::npos) << all;
}

TEST_F(Streaming, ASilentCommandIsCancelledWhenItsPeerHasGone) {
    daemon.options.limits.keep_alive = Ms(20);
    std::promise<bool> cancelled;
    daemon.commands.on("deploy",
                       [&](const Principal &, const CallContext &call, std::string_view,
                           const std::function<void(std::string_view)> &progress) -> Result<std::string> {
                           progress(R"({"phase":"claimed"})");
                           const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
                           while (!call.is_cancelled() && std::chrono::steady_clock::now() < limit)
                               std::this_thread::yield();
                           cancelled.set_value(call.is_cancelled());
                           return Error{Code::cancelled, "Cancelled", "nobody waits any more", 0};
                       });
    start();
    {
        RawClient client(daemon.socket_path());
        client.send(request("POST", "/v1/deployments", "Accept: text/event-stream\r\n", R"({"chute":"c"})"));
        client.read_until(": keep-alive\n\n");
    }
    EXPECT_TRUE(cancelled.get_future().get());
}

TEST_F(Streaming, StopEndsEveryStreamAtOnce) {
    start();
    RawClient client(daemon.socket_path());
    client.send(request("GET", "/v1/nodes?watch=true"));
    client.read_until("[1]}\n\n");
    const auto before = std::chrono::steady_clock::now();
    EXPECT_TRUE(daemon.server->stop());
    EXPECT_LT(std::chrono::steady_clock::now() - before, Ms(1'000));
    client.read_rest();
}

TEST_F(Streaming, WatchersAreLimited) {
    daemon.options.limits.watchers = 1;
    start();
    RawClient first(daemon.socket_path());
    first.send(request("GET", "/v1/nodes?watch=true"));
    first.read_until("[1]}\n\n");
    const Answer second = RawClient(daemon.socket_path()).ask(request("GET", "/v1/nodes?watch=true"));
    EXPECT_EQ(second.status, 503);
    EXPECT_EQ(Json::parse(second.body)["error"]["reason"], "TooManyWatchers");
}

TEST_F(Streaming, AnHttp10ClientGetsAStreamWithoutChunks) {
    start();
    RawClient client(daemon.socket_path());
    client.send("GET /v1/nodes?watch=true HTTP/1.0\r\n\r\n");
    EXPECT_EQ(client.read_until("\r\n\r\n").find("chunked"), std::string::npos);
    EXPECT_EQ(client.read_until("\n\n").find("event: result"), 0u);
}

} // namespace
} // namespace rigger::http_server
