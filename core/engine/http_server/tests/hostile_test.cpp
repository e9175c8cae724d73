// Malformed, huge, slow and greedy callers. Each gets a clear answer or a closed door, and the server goes on.
#include "fake_daemon.hpp"
#include "raw_client.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rigger::http_server {
namespace {

using Json = nlohmann::json;
using Ms = std::chrono::milliseconds;

class Hostile : public ::testing::Test {
protected:
    void start() {
        const auto status = daemon.start();
        ASSERT_TRUE(status.ok()) << status.error().message;
    }
    void TearDown() override {
        if (!daemon.server) return;
        EXPECT_EQ(RawClient(daemon.socket_path()).ask(request("GET", "/healthz")).status, 200)
            << "the server must go on";
    }
    FakeDaemon daemon;
};

struct Rude {
    const char *name;
    std::string bytes;
    int status;
    const char *reason;
};
std::string post(std::string_view headers, std::string_view body) {
    return "POST /v1/deployments HTTP/1.1\r\nHost: x\r\n" + std::string(headers) + "\r\n" + std::string(body);
}
/// To a command that runs without any option.
std::string chunked(std::string_view body) {
    return "POST /v1/commands/nodes HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(body);
}
std::vector<Rude> rude_requests() {
    const std::string mib(1 << 20, 'a');
    std::string many_headers = "GET /v1/nodes HTTP/1.1\r\n";
    for (int i = 0; i < 10'000; ++i) many_headers += "X-" + std::to_string(i) + ": y\r\n";
    return {
        {"not http", "hello\r\n\r\n", 400, "MalformedRequest"},
        {"binary",
         std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + std::string(300, '\x01') + "\r\n\r\n", 400,
         "MalformedRequest"},
        {"old version", "GET /v1/nodes HTTP/0.9\r\n\r\n", 505, "HttpVersion"},
        {"future version", "GET /v1/nodes HTTP/2.0\r\n\r\n", 505, "HttpVersion"},
        {"long uri", "GET /" + std::string(9'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", 414, "UriTooLong"},
        {"huge uri", "GET /" + mib + " HTTP/1.1\r\nHost: x\r\n\r\n", 414, "UriTooLong"},
        {"huge header value", "GET /v1/nodes HTTP/1.1\r\nHost: x\r\nX-A: " + mib + "\r\n\r\n", 431, "HeaderTooLarge"},
        {"many headers", many_headers + "\r\n", 431, "HeaderTooLarge"},
        {"huge method", mib + " / HTTP/1.1\r\nHost: x\r\n\r\n", 400, "MalformedRequest"},
        {"bad escape", "GET /v1/%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400, "MalformedUri"},
        {"nul in path", "GET /v1/%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "MalformedUri"},
        {"absolute uri", "GET http://other/v1/nodes HTTP/1.1\r\nHost: x\r\n\r\n", 400, "MalformedUri"},
        {"dot segments", "GET /v1/../metrics HTTP/1.1\r\nHost: x\r\n\r\n", 404, "UnknownPath"},
        {"unknown query", "GET /v1/nodes?nope=1 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "UnknownOption"},
        {"wrong type", "GET /v1/nodes?limit=many HTTP/1.1\r\nHost: x\r\n\r\n", 400, "InvalidArguments"},
        {"query on own path", "GET /metrics?x=1 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "UnknownOption"},
        {"declared too large", post("Content-Type: application/json\r\nContent-Length: 99999999999\r\n", ""), 413,
         "BodyTooLarge"},
        {"one byte too many", post("Content-Length: " + std::to_string((1 << 20) + 1) + "\r\n", ""), 413,
         "BodyTooLarge"},
        {"chunked too large", post("Transfer-Encoding: chunked\r\n", "200000\r\n" + mib + mib + "\r\n0\r\n\r\n"), 413,
         "BodyTooLarge"},
        {"length is text", post("Content-Length: abc\r\n", ""), 400, "MalformedRequest"},
        {"length is negative", post("Content-Length: -1\r\n", ""), 400, "MalformedRequest"},
        {"two lengths", post("Content-Length: 2\r\nContent-Length: 3\r\n", "{}"), 400, "MalformedRequest"},
        {"length and chunks", post("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400,
         "MalformedRequest"},
        {"length before a blank", post("Content-Length : 15\r\n", "{\"chute\":\"c\"}  "), 400, "MalformedRequest"},
        {"nul in a header", post(std::string("X-A: a\0b\r\n", 10), ""), 400, "MalformedRequest"},
        {"header without a name", post(": v\r\n", ""), 400, "MalformedRequest"},
        {"no host", "GET /v1/nodes HTTP/1.1\r\n\r\n", 400, "MalformedRequest"},
        {"two hosts", "GET /v1/nodes HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "MalformedRequest"},
        {"chunks in 1 0", "POST /v1/commands/nodes HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
         400, "MalformedRequest"},
        {"chunk of a negative size", chunked("-d\r\n{\"chute\":\"c\"}\r\n0\r\n\r\n"), 400, "MalformedRequest"},
        {"chunk of no size", chunked("\r\n{\"chute\":\"c\"}\r\n0\r\n\r\n"), 400, "MalformedRequest"},
        {"chunk of an overflowing size", chunked("10000000000000002\r\n{}\r\n0\r\n\r\n"), 400, "MalformedRequest"},
        {"chunk longer than its size", chunked("2\r\n{}{}\r\n0\r\n\r\n"), 400, "MalformedRequest"},
        {"chunk lines of LF", chunked("2\n{}\n0\n\n"), 400, "MalformedRequest"},
        {"endless trailers", chunked("0\r\n" + mib), 413, "BodyTooLarge"},
        {"unknown coding", post("Transfer-Encoding: gzip\r\n", ""), 501, "TransferCoding"},
        {"form body", post("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\n", "chute=c"), 415,
         "UnsupportedMediaType"},
        {"not json", request("POST", "/v1/deployments", "", "{\"chute\""), 400, "MalformedJson"},
        {"json array", request("POST", "/v1/deployments", "", "[1]"), 400, "MalformedJson"},
        {"deep json", request("POST", "/v1/deployments", "", "{\"chute\":" + std::string(200'000, '[') + "}"), 400,
         "JsonTooDeep"},
        {"binary json", request("POST", "/v1/deployments", "", "{\"chute\":\"\xfe\xff\"}"), 400, "MalformedJson"},
        {"duplicate member", request("POST", "/v1/deployments", "", R"({"chute":"a","chute":"b"})"), 400,
         "DuplicateMember"},
        {"unknown member", request("POST", "/v1/deployments", "", R"({"chuet":"a"})"), 400, "UnknownOption"},
        {"body on get", request("GET", "/v1/nodes", "", "{}"), 400, "UnexpectedBody"},
        {"unknown command", request("POST", "/v1/commands/nope", "", "{}"), 404, "UnknownCommand"},
        {"watch what cannot be", request("POST", "/v1/deployments?watch=true", "", R"({"chute":"a"})"), 400,
         "NotWatchable"},
    };
}
class RudeRequests : public Hostile, public ::testing::WithParamInterface<Rude> {};
TEST_P(RudeRequests, AreRefusedWithAStatusAndAReason) {
    start();
    RawClient client(daemon.socket_path());
    const Answer answer = client.ask(GetParam().bytes);
    ASSERT_EQ(answer.status, GetParam().status) << answer.head << answer.body;
    const Json body = Json::parse(answer.body);
    EXPECT_EQ(body["error"]["reason"], GetParam().reason);
    EXPECT_LT(answer.body.size(), 1'000u) << "an error must not repeat what it was sent";
    EXPECT_EQ(daemon.commands.calls(), 0) << "nothing may run";
}
INSTANTIATE_TEST_SUITE_P(All, RudeRequests, ::testing::ValuesIn(rude_requests()), [](const auto &rude) {
    std::string name = rude.param.name;
    for (char &c : name)
        if (c == ' ') c = '_';
    return name;
});

TEST_F(Hostile, AnUnknownCallerIsTurnedAwayBeforeHisBodyIsRead) {
    start();
    RawClient client(daemon.server->tcp_port());
    client.send("POST /v1/deployments HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
    EXPECT_EQ(client.read_answer().status, 401);
}

TEST_F(Hostile, ABodyOfExactlyTheLimitIsRead) {
    start();
    const std::string frame = R"({"chute":""})",
                      body = "{\"chute\":\"" + std::string((1 << 20) - frame.size(), 'x') + "\"}";
    EXPECT_EQ(RawClient(daemon.socket_path()).ask(request("POST", "/v1/deployments", "", body)).status, 200);
}

TEST_F(Hostile, AHeaderThatDripsInIsCutOffAtItsDeadline) {
    daemon.options.limits.header_time = Ms(100);
    start();
    RawClient client(daemon.socket_path());
    // A byte now and then resets nothing: the answer comes although we have not stopped sending.
    ASSERT_TRUE(client.send("GET /v1/no"));
    const Answer answer = client.read_answer();
    EXPECT_EQ(answer.status, 408);
    EXPECT_TRUE(answer.has("Connection: Close"));
}

TEST_F(Hostile, ABodyThatNeverComesIsCutOffAtItsDeadline) {
    daemon.options.limits.body_time = Ms(100);
    start();
    RawClient client(daemon.socket_path());
    client.send("POST /v1/deployments HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"chu");
    EXPECT_EQ(client.read_answer().status, 408);
    EXPECT_EQ(daemon.commands.calls(), 0);
}

TEST_F(Hostile, ABodyThatEndsEarlyRunsNothing) {
    start();
    {
        RawClient client(daemon.socket_path());
        client.send("POST /v1/deployments HTTP/1.1\r\nHost: x\r\nContent-Length: 15\r\n\r\n{\"chute\":\"c\"}");
    }
    EXPECT_TRUE(daemon.server->stop());
    EXPECT_EQ(daemon.commands.calls(), 0);
    daemon.server.reset();
}

TEST_F(Hostile, AChunkedBodyThatEndsAnywhereEarlyRunsNothing) {
    start();
    const std::string whole = chunked("2\r\n{}\r\n0\r\nA: b\r\n\r\n");
    for (size_t cut = chunked("").size(); cut < whole.size(); ++cut) {
        RawClient client(daemon.socket_path());
        client.send(whole.substr(0, cut));
        client.end();
        EXPECT_EQ(client.read_answer().status, 400) << cut;
    }
    EXPECT_EQ(daemon.commands.calls(), 0);
    EXPECT_EQ(RawClient(daemon.socket_path()).ask(whole).status, 200);
}

TEST_F(Hostile, TrailersAreNotTakenForARequest) {
    start();
    RawClient client(daemon.socket_path());
    client.send(chunked("2;a=b\r\n{}\r\n0\r\nA: b\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n") +
                request("GET", "/v1/nodes?limit=7"));
    EXPECT_EQ(client.read_answer().status, 200);
    EXPECT_EQ(Json::parse(client.read_answer().body)["arguments"]["limit"], 7);
}

TEST_F(Hostile, AnIdleConnectionIsClosed) {
    daemon.options.limits.idle_time = Ms(50);
    start();
    RawClient client(daemon.socket_path());
    EXPECT_EQ(client.read_rest(), "");
}

TEST_F(Hostile, AReaderThatDoesNotReadIsCutOff) {
    daemon.options.limits.write_time = Ms(100);
    daemon.commands.on("nodes",
                       [](auto &&...) -> Result<std::string> { return "\"" + std::string(4u << 20, 'x') + "\""; });
    start();
    RawClient client(daemon.socket_path());
    client.send(request("GET", "/v1/nodes"));
    EXPECT_TRUE(daemon.server->stop()) << "the connection must not outlive its time to write";
    daemon.server.reset();
}

TEST_F(Hostile, TooManyConnectionsAreToldSo_AndTcpCannotStarveTheUnixSocket) {
    daemon.options.limits.connections = 2;
    start();
    RawClient a(daemon.server->tcp_port()), b(daemon.server->tcp_port());
    ASSERT_EQ(a.ask(request("GET", "/healthz")).status, 200);
    ASSERT_EQ(b.ask(request("GET", "/healthz")).status, 200);
    const Answer third = RawClient(daemon.server->tcp_port()).read_answer();
    EXPECT_EQ(third.status, 503);
    EXPECT_EQ(Json::parse(third.body)["error"]["reason"], "TooManyConnections");
    EXPECT_EQ(RawClient(daemon.socket_path()).ask(request("GET", "/healthz")).status, 200);
}

TEST_F(Hostile, PipelinedRequestsAreAnsweredInOrder) {
    start();
    RawClient client(daemon.socket_path());
    client.send(request("GET", "/v1/nodes?limit=1") + request("GET", "/v1/nodes?limit=2"));
    EXPECT_EQ(Json::parse(client.read_answer().body)["arguments"]["limit"], 1);
    EXPECT_EQ(Json::parse(client.read_answer().body)["arguments"]["limit"], 2);
}

TEST_F(Hostile, WhatFollowsARefusedBodyIsNotTakenForARequest) {
    start();
    RawClient client(daemon.server->tcp_port());
    const std::string smuggled = request("GET", "/healthz");
    client.send("POST /v1/deployments HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(smuggled.size()) +
                "\r\n\r\n" + smuggled);
    EXPECT_EQ(client.read_answer().status, 401);
    EXPECT_EQ(client.read_rest(), "");
}

} // namespace
} // namespace rigger::http_server
