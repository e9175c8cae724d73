#include "domain/documents.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rigger {
namespace {
using testing::ElementsAre;
using testing::HasSubstr;

const SourceName source("catalog");

TEST(OfferDocument, ReadsEveryField) {
    const auto o = parse_offer(
        "67df", R"({"id":"67df","name":"demo","version":"4fac","image":"sim/vllm:0.10","chutesVersion":"0.3.31",
        "requirements":{"gpuCount":2,"gpuMilli":1000,"gpuModels":["h100","a100","h100"],"tee":true,"diskGb":12.5,"cpuMilli":2000,"memoryMib":4096},
        "economics":{"hasMetrics":true,"hasUtilization":true,"scalable":true,"updateInProgress":true,"computeMultiplier":0.27,"totalComputeTime":81234.5,
        "totalInvocations":1290,"rateLimitCount":1,"instanceCount":7},"deployable":false,"preemptible":false,"maxInstances":4,"workload":{"x":1}})",
        source, 9);
    ASSERT_TRUE(o.ok()) << o.error().message;
    EXPECT_EQ(o->id.str(), "67df");
    EXPECT_EQ(o->ordinal, 9u);
    EXPECT_THAT(o->needs.gpu_models, ElementsAre("a100", "h100"));
    EXPECT_EQ(o->needs.disk_gb, 12.5);
    EXPECT_EQ(o->economics.total_compute_time, 81234.5);
    EXPECT_EQ(o->max_instances, 4);
    EXPECT_TRUE(o->is_private());
    EXPECT_THAT(o->document, HasSubstr("workload"));
}

TEST(OfferDocument, MissingAndNullTakeTheDefaults) {
    const auto o = parse_offer(
        "a",
        R"({"id":"a","name":null,"requirements":null,"economics":{"computeMultiplier":null},"maxInstances":null,"novel":{"x":[1]}})",
        source, 0);
    ASSERT_TRUE(o.ok()) << o.error().message;
    EXPECT_EQ(o->needs.gpu_count, 1);
    EXPECT_EQ(o->needs.gpu_milli, 1000);
    EXPECT_EQ(o->needs.disk_gb, 10);
    EXPECT_TRUE(o->needs.gpu_models.empty());
    EXPECT_EQ(o->economics.compute_multiplier, 1);
    EXPECT_EQ(o->economics.total_invocations, 1);
    EXPECT_FALSE(o->economics.scalable);
    EXPECT_TRUE(o->deployable);
    EXPECT_FALSE(o->max_instances.has_value());
}

TEST(OfferDocument, RefusesWhatIsWrong) {
    struct Case {
        const char *text, *message;
    };
    const Case cases[] = {
        {"", "not valid JSON"},
        {"[]", "not a JSON object"},
        {"{\"id\":\"a\"", "not valid JSON"},
        {"{}", "offer a: id is missing"},
        {R"({"id":"b"})", "id is 'b', the call said 'a'"},
        {R"({"id":7})", "id must be text"},
        {R"({"id":"a","name":[]})", "name must be text"},
        {R"({"id":"a","requirements":[]})", "requirements must be an object"},
        {R"({"id":"a","requirements":{"gpuCount":-1}})", "requirements: gpuCount must lie in 0..64"},
        {R"({"id":"a","requirements":{"gpuCount":65}})", "gpuCount must lie in 0..64"},
        {R"({"id":"a","requirements":{"gpuCount":1.5}})", "gpuCount must be a whole number"},
        {R"({"id":"a","requirements":{"gpuCount":1e300}})", "gpuCount must lie in"},
        {R"({"id":"a","requirements":{"gpuMilli":0}})", "gpuMilli must lie in 1..1000"},
        {R"({"id":"a","requirements":{"gpuMilli":500,"gpuCount":2}})", "below 1000 needs gpuCount 1"},
        {R"({"id":"a","requirements":{"gpuModels":"h100"}})", "gpuModels must be a list"},
        {R"({"id":"a","requirements":{"gpuModels":[1]}})", "gpuModels must hold texts only"},
        {R"({"id":"a","economics":{"computeMultiplier":-0.1}})", "economics: computeMultiplier must not be negative"},
        {R"({"id":"a","economics":{"computeMultiplier":"1"}})", "computeMultiplier must be a number"},
        {R"({"id":"a","economics":{"computeMultiplier":1e999}})", "not valid JSON"},
        {R"({"id":"a","economics":{"computeMultiplier":NaN}})", "not valid JSON"},
        {R"({"id":"a","economics":{"scalable":1}})", "scalable must be true or false"},
    };
    for (const Case &c : cases) {
        const auto o = parse_offer("a", c.text, source, 0);
        ASSERT_FALSE(o.ok()) << c.text;
        EXPECT_THAT(o.error().message, HasSubstr(c.message)) << c.text;
        EXPECT_EQ(o.error().code, Code::invalid);
    }
}

TEST(OfferDocument, WrittenAndReadAgainItIsTheSame) {
    auto o = parse_offer(
        "a",
        R"({"id":"a","requirements":{"gpuCount":0,"gpuModels":["b"]},"economics":{"instanceCount":3},"maxInstances":2})",
        source, 0);
    const auto again = parse_offer("a", to_json(*o), source, 0);
    ASSERT_TRUE(again.ok()) << again.error().message;
    EXPECT_EQ(to_json(*again), to_json(*o));
}

TEST(Documents, AreLimitedInSizeAndDepth) {
    EXPECT_EQ(check_document(std::string(5 << 20, ' ')).error().reason, "DocumentTooLarge");
    EXPECT_EQ(check_document(R"({"a":)" + std::string(100'000, '[')).error().reason, "DocumentTooDeep");
    EXPECT_EQ(check_document("{\"a\":\"" + std::string(100, '[') + "\"}").ok(), true)
        << "brackets in a text are no depth";
    EXPECT_EQ(check_document("7").error().reason, "DocumentMalformed");
    EXPECT_EQ(check_document("{\"a\":\"\xff\"}").error().reason, "DocumentMalformed") << "not UTF-8";
    EXPECT_TRUE(check_document(R"({"a":[{"b":1}]})").ok());
}

TEST(InstanceDocument, ReadsTimes) {
    const auto i =
        parse_instance("x", R"({"id":"x","offerId":"o","verified":true,"createdAt":"2026-01-02T03:04:05Z"})", source);
    ASSERT_TRUE(i.ok());
    EXPECT_TRUE(i->verified);
    EXPECT_TRUE(i->created_ns.has_value());
    EXPECT_FALSE(i->last_verified_ns.has_value());
    EXPECT_THAT(parse_instance("x", R"({"id":"x","createdAt":"yesterday"})", source).error().message,
                HasSubstr("createdAt must be a time"));
}

TEST(DeploymentDocument, WrittenAndReadAgainItIsTheSame) {
    Deployment d;
    d.id = DeploymentId("d1");
    d.offer = OfferId("o1");
    d.phase = Phase::active;
    d.port = 31000;
    d.gpus = {GpuId("g1"), GpuId("g2")};
    d.created_at = WallTime{1'767'225'600'000'000'000};
    d.verified_at = d.created_at;
    d.end_reason = "a \"quoted\" reason\n";
    const auto again = parse_deployment(to_json(d));
    ASSERT_TRUE(again.ok()) << again.error().message;
    EXPECT_EQ(to_json(*again), to_json(d));
    EXPECT_THAT(to_json(d), HasSubstr(R"("instanceId":null)"));
    EXPECT_THAT(parse_deployment(R"({"id":"d","phase":"flying"})").error().message,
                HasSubstr("'flying' is not a phase"));
}

TEST(GrantDocument, NeverShowsItsTokenInAnError) {
    const auto bad = parse_grant(R"({"token":"s3cret","configId":7})");
    ASSERT_FALSE(bad.ok());
    EXPECT_THAT(bad.error().message, testing::Not(HasSubstr("s3cret")));
    EXPECT_EQ(parse_grant(R"({"token":"s3cret"})")->token, "s3cret");
}

TEST(ActionDocument, IsChecked) {
    EXPECT_TRUE(
        check_action(
            R"({"verb":"terminate","target":{"deploymentId":"d"},"cause":"C","reason":"r","evidence":"absence","views":["pods"]})")
            .ok());
    for (const char *bad :
         {R"({"verb":"explode","target":{},"cause":"C","reason":"r","evidence":"definite"})",
          R"({"verb":"terminate","cause":"C","reason":"r","evidence":"definite"})",
          R"({"verb":"terminate","target":{},"cause":"C","reason":"r","evidence":"rumour"})",
          R"({"verb":"terminate","target":{},"cause":"C","reason":"r","evidence":"definite","views":"pods"})"})
        EXPECT_FALSE(check_action(bad).ok()) << bad;
}

TEST(RenderingDocument, IsChecked) {
    EXPECT_TRUE(
        check_rendering(R"({"objects":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"}}],"done":false})").ok());
    EXPECT_TRUE(check_rendering(R"({"done":true})").ok());
    for (const char *bad : {"{}", R"({"objects":{}})", R"({"objects":[7]})",
                            R"({"objects":[{"apiVersion":"v1","kind":"Pod"}]})", R"({"objects":[],"done":1})"})
        EXPECT_FALSE(check_rendering(bad).ok()) << bad;
}

} // namespace
} // namespace rigger
