// Routes, roles and answers over real sockets.
#include "fake_daemon.hpp"
#include "raw_client.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sys/stat.h>

namespace rigger::http_server {
namespace {

using Json = nlohmann::json;

class Serving : public ::testing::Test {
protected:
    void SetUp() override {
        const auto status = daemon.start();
        ASSERT_TRUE(status.ok()) << status.error().message;
    }
    Answer local(std::string_view method, std::string_view target, std::string_view headers = "",
                 std::string_view body = "") {
        return RawClient(daemon.socket_path()).ask(request(method, target, headers, body));
    }
    Answer remote(std::string_view method, std::string_view target, const char *secret, std::string_view body = "") {
        const std::string header = secret ? "Authorization: Bearer " + std::string(secret) + "\r\n" : "";
        return RawClient(daemon.server->tcp_port()).ask(request(method, target, header, body));
    }
    static std::string reason(const Answer &answer) { return Json::parse(answer.body)["error"]["reason"]; }
    FakeDaemon daemon;
};

TEST_F(Serving, ADeclaredRouteRunsItsCommandWithTypedArguments) {
    const Answer answer = local("GET", "/v1/nodes?limit=3&ready=true&name=gpu%2001");
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_TRUE(answer.has("Content-Type: application/json"));
    EXPECT_TRUE(answer.has("Cache-Control: no-store"));
    const Json body = Json::parse(answer.body);
    EXPECT_EQ(body["command"], "nodes");
    EXPECT_EQ(body["arguments"], Json::parse(R"({"limit":3,"ready":true,"name":"gpu 01"})"));
}

TEST_F(Serving, ThePeerOfTheUnixSocketIsNamedByItsUid) {
    EXPECT_EQ(Json::parse(local("GET", "/v1/nodes").body)["principal"], "unix:uid=" + std::to_string(::getuid()));
}

TEST_F(Serving, ATokenHolderIsNamedByHisToken) {
    EXPECT_EQ(Json::parse(remote("GET", "/v1/nodes", FakeDaemon::kReader).body)["principal"], "token:reader");
}

TEST_F(Serving, PathParametersBecomeArguments) {
    const Json body = Json::parse(local("DELETE", "/v1/deployments/a%2Fb?reason=old").body);
    EXPECT_EQ(body["command"], "undeploy");
    EXPECT_EQ(body["arguments"], Json::parse(R"({"deployment":"a/b","reason":"old"})"));
}

TEST_F(Serving, EveryCommandIsAlsoAPostToItsName) {
    EXPECT_EQ(Json::parse(
                  local("POST", "/v1/commands/undeploy", "", R"({"deployment":"x"})").body)["arguments"]["deployment"],
              "x");
    EXPECT_EQ(local("POST", "/v1/commands/hidden").status, 200);
}

TEST_F(Serving, ChunkedBodiesAreRead) {
    const Answer answer = RawClient(daemon.socket_path())
                              .ask("POST /v1/deployments HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
                                   "chunked\r\n\r\n8\r\n{\"chute\"\r\n5\r\n:\"c\"}\r\n0\r\n\r\n");
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(Json::parse(answer.body)["arguments"]["chute"], "c");
}

TEST_F(Serving, OneConnectionServesManyRequests) {
    RawClient client(daemon.socket_path());
    for (int i = 0; i < 50; ++i) ASSERT_EQ(client.ask(request("GET", "/v1/nodes")).status, 200) << i;
    ASSERT_EQ(client.ask(request("GET", "/nothing")).status, 404);
    ASSERT_EQ(client.ask(request("GET", "/v1/nodes")).status, 200) << "a refused request does not end the connection";
}

struct Protected {
    const char *method, *path, *body;
    int anonymous, reader, operate;
};
class Roles : public Serving, public ::testing::WithParamInterface<Protected> {};

TEST_P(Roles, DecideWhatATcpCallerMayDo) {
    const Protected &p = GetParam();
    const int before = daemon.commands.calls();
    EXPECT_EQ(remote(p.method, p.path, nullptr, p.body).status, p.anonymous);
    EXPECT_EQ(remote(p.method, p.path, "not-a-token-0123456789", p.body).status, 401);
    EXPECT_EQ(remote(p.method, p.path, "reader-secret-012345678", p.body).status, 401)
        << "a prefix of a secret is no secret";
    EXPECT_EQ(daemon.commands.calls(), before) << "nothing runs for a stranger";
    EXPECT_EQ(remote(p.method, p.path, FakeDaemon::kReader, p.body).status, p.reader);
    EXPECT_EQ(remote(p.method, p.path, FakeDaemon::kOperator, p.body).status, p.operate);
    EXPECT_EQ(local(p.method, p.path, "", p.body).status, p.operate) << "whoever may open the unix socket operates";
}

INSTANTIATE_TEST_SUITE_P(
    EveryRoute, Roles,
    ::testing::Values(
        Protected{"GET", "/metrics", "", 401, 200, 200}, Protected{"GET", "/openapi.json", "", 401, 200, 200},
        Protected{"GET", "/v1/commands", "", 401, 200, 200}, Protected{"GET", "/v1/plugins", "", 401, 200, 200},
        Protected{"POST", "/v1/plugins/reload", "", 401, 403, 200},
        Protected{"POST", "/v1/plugins/x/reset", "", 401, 403, 200}, Protected{"GET", "/v1/nodes", "", 401, 200, 200},
        Protected{"POST", "/v1/commands/nodes", "", 401, 200, 200},
        Protected{"POST", "/v1/deployments", R"({"chute":"c"})", 401, 403, 200},
        Protected{"POST", "/v1/commands/deploy", R"({"chute":"c"})", 401, 403, 200},
        Protected{"DELETE", "/v1/deployments/d", "", 401, 403, 200},
        Protected{"POST", "/v1/commands/undeploy", R"({"deployment":"d"})", 401, 403, 200},
        Protected{"GET", "/nothing/here", "", 401, 404, 404}, Protected{"HEAD", "/metrics", "", 401, 200, 200},
        Protected{"HEAD", "/v1/plugins", "", 401, 200, 200}, Protected{"HEAD", "/v1/nodes?limit=5", "", 401, 200, 200},
        Protected{"HEAD", "/v1/nodes?limit=many", "", 401, 400, 400},
        Protected{"HEAD", "/v1/nodes", "{}", 401, 400, 400}, Protected{"HEAD", "/nothing/here", "", 401, 404, 404},
        Protected{"HEAD", "/v1/deployments", "", 401, 405, 405},
        Protected{"GET", "/v1/commands/nodes", "", 401, 405, 405}));

TEST_F(Serving, HealthNeedsNoTokenAndShowsAStrangerNoDetails) {
    EXPECT_EQ(remote("GET", "/healthz", nullptr).status, 200);
    const Answer anonymous = remote("GET", "/readyz", nullptr);
    EXPECT_EQ(anonymous.status, 200);
    EXPECT_EQ(anonymous.body.find("details"), std::string::npos);
    EXPECT_NE(remote("GET", "/readyz", FakeDaemon::kReader).body.find("details"), std::string::npos);
    daemon.ready = false;
    EXPECT_EQ(remote("GET", "/readyz", nullptr).status, 503);
    EXPECT_EQ(remote("GET", "/healthz", nullptr).status, 200);
}

TEST_F(Serving, AWrongTokenIsTheSameAsNone_ItDoesNotFallBack) {
    EXPECT_EQ(remote("GET", "/healthz", nullptr).status, 200);
}

TEST_F(Serving, A401SaysHowToComeIn) {
    const Answer answer = remote("GET", "/v1/nodes", nullptr);
    EXPECT_TRUE(answer.has("WWW-Authenticate: Bearer"));
    EXPECT_TRUE(answer.has("application/problem+json"));
    EXPECT_EQ(reason(answer), "TokenMissing");
}

TEST_F(Serving, PluginRoutesReachTheirFunctions) {
    EXPECT_EQ(local("POST", "/v1/plugins/reload").body, "{\"reloaded\":true}");
    EXPECT_EQ(daemon.reloads, 1);
    EXPECT_EQ(local("POST", "/v1/plugins/reload", "", " { }\r\n").status, 200);
    for (const char *body : {"{", "}", "{}{}", "[]", "null", "{\"a\":1}"})
        EXPECT_EQ(reason(local("POST", "/v1/plugins/reload", "", body)), "UnexpectedBody") << body;
    EXPECT_EQ(daemon.reloads, 2);
    EXPECT_EQ(local("POST", "/v1/plugins/my%20plugin/reset").status, 200);
    EXPECT_EQ(daemon.reset, "my plugin");
}

TEST_F(Serving, AMethodThatAPathDoesNotAnswerIsToldTheOnesItDoes) {
    const Answer answer = local("PUT", "/v1/deployments/x");
    EXPECT_EQ(answer.status, 405);
    EXPECT_TRUE(answer.has("Allow: DELETE"));
    EXPECT_TRUE(local("DELETE", "/metrics").has("Allow: GET, HEAD\r\n"));
    EXPECT_TRUE(local("DELETE", "/v1/nodes").has("Allow: GET, HEAD\r\n"));
}

TEST_F(Serving, HeadIsAnsweredAsGetWithoutTheBody) {
    for (const char *path : {"/healthz", "/readyz", "/metrics", "/openapi.json", "/v1/commands", "/v1/plugins",
                             "/v1/nodes", "/v1/logs/d", "/nothing", "/v1/deployments/x"}) {
        RawClient client(daemon.socket_path());
        const Answer get = client.ask(request("GET", path));
        client.send(request("HEAD", path) + request("GET", "/healthz"));
        const std::string head = client.read_until("\r\n\r\n");
        const auto comparable = [](std::string text) { // but for the request's number and the time
            for (const char *own : {"\r\nRigger-Request-Id: ", "\r\nDate: "})
                if (const size_t at = text.find(own); at != std::string::npos)
                    text.erase(at, text.find("\r\n", at + 2) - at);
            return text;
        };
        EXPECT_EQ(comparable(head), comparable(get.head)) << path;
        const Answer next = client.read_answer(); // a body would stand before it
        EXPECT_EQ(next.head.substr(0, 15), "HTTP/1.1 200 OK") << path;
        EXPECT_EQ(next.body, "{\"status\":\"ok\"}\n") << path;
    }
    EXPECT_GT(daemon.metrics.value("rigger_http_requests_total",
                                   {{"route", "/metrics"}, {"method", "HEAD"}, {"status", "200"}}),
              0);
}

TEST_F(Serving, HeadOfAnEventStreamOpensNone) {
    for (const char *path : {"/v1/nodes?watch=true", "/v1/logs/d?follow=true"}) {
        const int before = daemon.commands.calls();
        RawClient client(daemon.socket_path());
        client.send(request("HEAD", path));
        const std::string all = client.read_rest();
        EXPECT_EQ(all.substr(0, 15), "HTTP/1.1 200 OK") << path;
        EXPECT_NE(all.find("Content-Type: text/event-stream"), std::string::npos) << path;
        EXPECT_EQ(all.find("\r\n\r\n"), all.size() - 4) << all;
        EXPECT_EQ(daemon.commands.calls(), before) << path;
    }
}

TEST_F(Serving, A304NamesNoLength) { // RFC 9110, 8.6: none, or that of the 200
    const Answer first = local("GET", "/v1/commands");
    const size_t at = first.head.find("ETag: ");
    ASSERT_NE(at, std::string::npos);
    const std::string tag = first.head.substr(at + 6, first.head.find('\r', at) - at - 6);
    RawClient client(daemon.socket_path());
    const Answer again = client.ask(request("GET", "/v1/commands", "If-None-Match: " + tag + "\r\n"));
    EXPECT_EQ(again.status, 304);
    EXPECT_FALSE(again.has("Content-Length")) << again.head;
    EXPECT_EQ(client.ask(request("GET", "/healthz")).status, 200) << "the connection goes on";
}

TEST_F(Serving, TheCatalogueHasATag) {
    const Answer first = local("GET", "/v1/commands");
    const size_t at = first.head.find("ETag: ");
    ASSERT_NE(at, std::string::npos);
    const std::string tag = first.head.substr(at + 6, first.head.find('\r', at) - at - 6);
    EXPECT_EQ(local("GET", "/v1/commands", "If-None-Match: " + tag + "\r\n").status, 304);
    EXPECT_EQ(local("GET", "/v1/commands", "If-None-Match: \"other\"\r\n").status, 200);
}

TEST_F(Serving, ANewFrontendIsServedWithoutARestart) {
    EXPECT_EQ(local("GET", "/v1/new").status, 404);
    daemon.commands.declare(
        R"({"commands":[{"name":"new","effect":"read","http":{"method":"GET","path":"/v1/new"},"options":{"properties":{}}}]})");
    EXPECT_EQ(local("GET", "/v1/new").status, 200);
    EXPECT_EQ(local("GET", "/v1/nodes").status, 404);
}

struct Failing {
    Code code;
    int status;
};
class Failures : public Serving, public ::testing::WithParamInterface<Failing> {};
TEST_P(Failures, HaveTheirStatusAndKeepTheirReason) {
    daemon.commands.on("nodes", [](auto &&...) -> Result<std::string> {
        return Error{GetParam().code, "TheReason", "the message", 2500};
    });
    const Answer answer = local("GET", "/v1/nodes");
    EXPECT_EQ(answer.status, GetParam().status);
    const Json error = Json::parse(answer.body)["error"];
    EXPECT_EQ(error["reason"], "TheReason");
    EXPECT_EQ(error["retryAfterMs"], 2500);
    EXPECT_EQ(error["code"], std::string(code_name(GetParam().code)));
    EXPECT_TRUE(answer.has("Retry-After: 3"));
}
INSTANTIATE_TEST_SUITE_P(All, Failures,
                         ::testing::Values(Failing{Code::invalid, 400}, Failing{Code::denied, 403},
                                           Failing{Code::not_found, 404}, Failing{Code::conflict, 409},
                                           Failing{Code::exhausted, 429}, Failing{Code::internal, 500},
                                           Failing{Code::unsupported, 501}, Failing{Code::unavailable, 503},
                                           Failing{Code::cancelled, 503}, Failing{Code::deadline, 504}));

TEST_F(Serving, AnInternalErrorIsLoggedAndNotShown) {
    daemon.commands.on(
        "nodes", [](auto &&...) -> Result<std::string> { return internal_error("password=hunter2 at store.cpp"); });
    const Answer answer = local("GET", "/v1/nodes");
    EXPECT_EQ(answer.body.find("hunter2"), std::string::npos);
    const std::lock_guard lock(daemon.log_mutex);
    EXPECT_NE(daemon.log.find("hunter2"), std::string::npos);
}

TEST_F(Serving, TheDeadlineIsTheCallersWithinTheLimit) {
    std::atomic<uint64_t> deadline{0};
    daemon.commands.on("nodes", [&](const Principal &, const CallContext &call, auto &&...) -> Result<std::string> {
        deadline = call.deadline.ns;
        return std::string("{}");
    });
    const auto after = [&](const std::string &header) {
        EXPECT_EQ(local("GET", "/v1/nodes", header).status, 200);
        return (deadline - 1000) / 1'000'000;
    };
    EXPECT_EQ(after(""), 30'000u);
    EXPECT_EQ(after("Rigger-Timeout-Ms: 250\r\n"), 250u);
    EXPECT_EQ(after("Rigger-Timeout-Ms: 999999999\r\n"), 600'000u);
    for (const char *bad : {"0", "-1", "x", "1.5", "99999999999999999999"})
        EXPECT_EQ(local("GET", "/v1/nodes", "Rigger-Timeout-Ms: " + std::string(bad) + "\r\n").status, 400) << bad;
}

TEST_F(Serving, RequestsAreCountedByRouteAndNotByWhatWasAsked) {
    local("DELETE", "/v1/deployments/some-id");
    local("GET", "/some/random/path");
    EXPECT_EQ(
        daemon.metrics.value("rigger_http_requests_total",
                             {{"route", "/v1/deployments/{deployment}"}, {"method", "DELETE"}, {"status", "200"}}),
        1);
    EXPECT_EQ(daemon.metrics.value("rigger_http_requests_total",
                                   {{"route", "unmatched"}, {"method", "GET"}, {"status", "404"}}),
              1);
}

TEST_F(Serving, TheSocketFileHasItsMode) {
    struct ::stat file {};
    ASSERT_EQ(::stat(daemon.socket_path().c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 0777, 0600u);
}

TEST_F(Serving, ASecondServerOnTheSameSocketIsRefused) {
    FakeDaemon second;
    second.options.unix_socket->path = daemon.socket_path();
    const auto status = second.start();
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().reason, "SocketInUse");
    EXPECT_EQ(local("GET", "/healthz").status, 200) << "the first one is not disturbed";
}

TEST_F(Serving, ATakenPortIsRefused) {
    FakeDaemon second;
    second.options.tcp->port = daemon.server->tcp_port();
    const auto status = second.start();
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().reason, "AddressInUse");
    EXPECT_NE(::access(second.socket_path().c_str(), F_OK), 0) << "a failed start leaves nothing behind";
}

TEST(Starting, ReplacesTheSocketOfADeadProcess) {
    FakeDaemon daemon;
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    struct ::sockaddr_un address {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, daemon.socket_path().data(), daemon.socket_path().size());
    ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr *>(&address), sizeof address), 0);
    ::close(fd);
    ASSERT_TRUE(daemon.start().ok());
    EXPECT_EQ(RawClient(daemon.socket_path()).ask(request("GET", "/healthz")).status, 200);
}

TEST(Starting, NeverReplacesAFileThatIsNoSocket) {
    FakeDaemon daemon;
    std::fclose(std::fopen(daemon.socket_path().c_str(), "w"));
    const auto status = daemon.start();
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().reason, "SocketFile");
}

TEST(Starting, ImpossibleOptionsAreRefusedWithARemedy) {
    const std::vector<std::pair<std::function<void(Options &)>, const char *>> cases{
        {[](Options &o) { o.unix_socket->path = "relative"; }, "SocketPath"},
        {[](Options &o) { o.unix_socket->path = "/" + std::string(200, 'x'); }, "SocketPath"},
        {[](Options &o) { o.unix_socket->path = "/no/such/directory/s"; }, "SocketFile"},
        {[](Options &o) { o.unix_socket->group = "no-such-group-anywhere"; }, "SocketGroup"},
        {[](Options &o) { o.tcp->address = "localhost"; }, "Address"},
        {[](Options &o) { o.tokens.clear(); }, "TokenMissing"},
        {[](Options &o) { o.tokens[0].secret = "short"; }, "TokenShort"},
        {[](Options &o) { o.unix_socket.reset(), o.tcp.reset(); }, "NoListener"}};
    for (const auto &[spoil, reason] : cases) {
        FakeDaemon daemon;
        spoil(daemon.options);
        const auto status = daemon.start();
        ASSERT_FALSE(status.ok()) << reason;
        EXPECT_EQ(status.error().reason, reason) << status.error().message;
    }
}

TEST(Stopping, RemovesTheSocketAndEndsIdleConnections) {
    FakeDaemon daemon;
    ASSERT_TRUE(daemon.start().ok());
    RawClient idle(daemon.socket_path());
    ASSERT_EQ(idle.ask(request("GET", "/healthz")).status, 200);
    EXPECT_TRUE(daemon.server->stop());
    EXPECT_EQ(idle.read_rest(), "");
    EXPECT_NE(::access(daemon.socket_path().c_str(), F_OK), 0);
    EXPECT_FALSE(RawClient(daemon.socket_path()).connected());
}

TEST(Stopping, LeavesASocketThatSomebodyElseHasPutThere) {
    FakeDaemon daemon;
    ASSERT_TRUE(daemon.start().ok());
    ASSERT_EQ(::unlink(daemon.socket_path().c_str()), 0);
    std::fclose(std::fopen(daemon.socket_path().c_str(), "w"));
    daemon.server->stop();
    EXPECT_EQ(::access(daemon.socket_path().c_str(), F_OK), 0);
}

TEST(Stopping, LetsARunningCommandAnswer) {
    FakeDaemon daemon;
    std::atomic<bool> entered{false}, stopping{false};
    daemon.commands.on("nodes", [&](auto &&...) -> Result<std::string> {
        entered = true;
        entered.notify_all();
        stopping.wait(false);
        return std::string("{\"last\":\"words\"}");
    });
    ASSERT_TRUE(daemon.start().ok());
    RawClient client(daemon.socket_path());
    client.send(request("GET", "/v1/nodes"));
    entered.wait(false);
    stopping = true;
    stopping.notify_all();
    EXPECT_TRUE(daemon.server->stop());
    EXPECT_EQ(client.read_answer().body, "{\"last\":\"words\"}");
}

TEST(Stopping, CancelsACommandThatDoesNotEnd_InLessThanTwoSeconds) {
    FakeDaemon daemon;
    std::atomic<bool> entered{false};
    daemon.commands.on("nodes", [&](const Principal &, const CallContext &call, auto &&...) -> Result<std::string> {
        entered = true;
        entered.notify_all();
        while (!call.is_cancelled()) ::poll(nullptr, 0, 1);
        return Error{Code::cancelled, "Cancelled", "stopped", 0};
    });
    ASSERT_TRUE(daemon.start().ok());
    RawClient client(daemon.socket_path());
    client.send(request("GET", "/v1/nodes"));
    entered.wait(false);
    const auto before = std::chrono::steady_clock::now();
    EXPECT_TRUE(daemon.server->stop());
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(2));
}

TEST_F(Serving, ACommandWhoseCallerHasGoneIsCancelled) {
    std::atomic<bool> entered{false}, cancelled{false};
    daemon.commands.on("nodes", [&](const Principal &, const CallContext &call, auto &&...) -> Result<std::string> {
        entered = true;
        entered.notify_all();
        while (!call.is_cancelled()) ::poll(nullptr, 0, 1);
        cancelled = true;
        cancelled.notify_all();
        return Error{Code::cancelled, "Cancelled", "stopped", 0};
    });
    RawClient client(daemon.socket_path());
    client.send(request("GET", "/v1/nodes"));
    entered.wait(false);
    client.close();
    cancelled.wait(false);
}

} // namespace
} // namespace rigger::http_server
