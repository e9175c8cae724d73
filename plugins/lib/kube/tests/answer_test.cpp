// Refusals of the API server in the ABI's codes.
#include "kube/answer.hpp"

#include <gtest/gtest.h>

namespace kube {
namespace {

TEST(Refusal, NotFoundIsSaid_OnlyWhenTheServerNamesTheObject) {
    EXPECT_EQ(
        refusal(
            404,
            R"({"kind":"Status","reason":"NotFound","message":"pods \"a\" not found","details":{"name":"a","kind":"pods"}})",
            0, "reading")
            .code,
        RIG_E_NOT_FOUND);
    EXPECT_EQ(
        refusal(
            404,
            R"({"kind":"Status","reason":"NotFound","message":"the server could not find the requested resource","details":{}})",
            0, "reading")
            .code,
        RIG_E_UNSUPPORTED);
    EXPECT_EQ(refusal(404, "404 page not found", 0, "reading").code, RIG_E_UNSUPPORTED);
    EXPECT_EQ(refusal(404, "<html>proxy</html>", 0, "reading").code, RIG_E_UNSUPPORTED);
}
TEST(Refusal, CodesAndReasons) {
    const struct {
        int status;
        const char *body;
        rig_code code;
        const char *reason;
    } cases[] = {{409, R"({"kind":"Status","reason":"AlreadyExists"})", RIG_E_CONFLICT, "AlreadyExists"},
                 {409, "", RIG_E_CONFLICT, "Conflict"},
                 {422, R"({"kind":"Status","reason":"Invalid"})", RIG_E_INVALID, "Invalid"},
                 {403, "", RIG_E_DENIED, "Forbidden"},
                 {401, "", RIG_E_UNAVAILABLE, "Unauthorized"},
                 {410, R"({"kind":"Status","reason":"Gone"})", RIG_E_UNAVAILABLE, "Expired"},
                 {429, "", RIG_E_UNAVAILABLE, "TooManyRequests"},
                 {500, "{", RIG_E_UNAVAILABLE, "ServerError"},
                 {503, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", RIG_E_UNAVAILABLE, "ServerError"}};
    for (const auto &c : cases) {
        const rig::Error e = refusal(c.status, c.body, 0, "doing");
        EXPECT_EQ(e.code, c.code) << c.status;
        EXPECT_EQ(e.reason, c.reason) << c.status;
        EXPECT_EQ(e.message.rfind("doing: ", 0), 0U);
    }
    EXPECT_TRUE(is_expired(refusal(410, "", 0, "watching")));
}
TEST(Refusal, OfAServerThatIsNotReady_NamesWhatFails) {
    const rig::Error e =
        refusal(500, "[+]ping ok\n[-]etcd failed: reason withheld\n[-]log failed\nreadyz check failed\n", 0, "asking");
    EXPECT_EQ(e.code, RIG_E_UNAVAILABLE);
    EXPECT_EQ(e.message, "asking: the API server cannot serve; what fails there: etcd, log");
}
TEST(Refusal, WhatTheServerQuotesOfTheObject_IsLeftOut) {
    const rig::Error e = refusal(
        400,
        R"({"kind":"Status","reason":"BadRequest","message":"Job in version \"v1\" cannot be handled as a Job: ReadString: expects \" or n, but found 5, error found in #10 byte of ...|,\"value\":5}|..., bigger context ...|\"CHUTES_LAUNCH_JWT\",\"value\":\"hush\"|..."})",
        0, "creating");
    EXPECT_NE(e.message.find("cannot be handled as a Job"), std::string::npos);
    EXPECT_EQ(e.message.find("hush"), std::string::npos) << e.message;
}
TEST(Refusal, TheServersAdviceWhenToRetryIsKept) {
    EXPECT_EQ(refusal(429, "", 7000, "x").retry_after_ms, 7000U);
    EXPECT_EQ(refusal(503, R"({"kind":"Status","details":{"retryAfterSeconds":3}})", 0, "x").retry_after_ms, 3000U);
}
} // namespace
} // namespace kube
