#include <reconcile/facts.hpp>

#include <gtest/gtest.h>

namespace reconcile {
namespace {

const char *const desired = R"({"now":"2026-01-01T01:00:00Z","limits":{"stubSeconds":1800,"initSeconds":2100},
  "deployment":{"id":"d","offerId":"o","version":"v1","phase":"active","instanceId":"i","configId":null,"jobId":null,
                "createdAt":"2026-01-01T00:00:00Z","phaseSince":"2026-01-01T00:30:00.5Z"}})";

TEST(Facts, Deployment_IsRead_WithAges) {
    auto f = read_deployment(desired, R"({"job":{"active":1,"succeeded":0,"failed":0},
      "pods":[{"name":"p","phase":"Failed","ready":false,"terminating":true,"reason":"OOMKilled","message":"m","exitCode":137,"ageSeconds":5}],
      "instance":{"id":"i","offerId":"o","version":"v1","configId":"g","createdAt":"2026-01-01T00:59:00Z"},"offer":{"version":"v2"},
      "views":{"pods":{"complete":true,"ageSeconds":3,"generation":7}}})");
    ASSERT_TRUE(f.ok()) << f.error().message;
    EXPECT_EQ(f->deployment.age, 3600);
    EXPECT_EQ(f->deployment.phase_age, 1799.5);
    EXPECT_EQ(f->deployment.offer_name, "o");
    EXPECT_EQ(f->stub_seconds, 1800);
    EXPECT_EQ(f->job->active, 1);
    EXPECT_EQ(f->pods[0].exit_code, 137);
    EXPECT_TRUE(f->pods[0].ended());
    EXPECT_EQ(f->instance->age, 60);
    EXPECT_EQ(f->offer->version, "v2");
    EXPECT_TRUE(f->views.usable("pods", 3));
    EXPECT_FALSE(f->views.usable("pods", 2));
    EXPECT_FALSE(f->views.usable("jobs", 1e9));
}

TEST(Facts, NothingObserved_IsNothingKnown) {
    auto f = read_deployment(desired, "{}");
    ASSERT_TRUE(f.ok());
    EXPECT_FALSE(f->job || f->instance || f->offer);
    EXPECT_TRUE(f->pods.empty());
    for (const char *view : {"pods", "jobs", "instances", "offers"}) EXPECT_FALSE(f->views.usable(view, 1e17)) << view;
}

TEST(Facts, TimesInTheFuture_AreAgeZero) {
    auto f = read_deployment(
        R"({"now":"2026-01-01T00:00:00Z","deployment":{"id":"d","phase":"created","createdAt":"2026-02-01T00:00:00Z","phaseSince":"2026-02-01T00:00:00Z"}})",
        "{}");
    ASSERT_TRUE(f.ok());
    EXPECT_EQ(f->deployment.age, 0);
    EXPECT_EQ(f->deployment.phase_age, 0);
}

TEST(Facts, MissingTimes_AreAgeZero_SoThatNothingIsTooOld) {
    auto f = read_deployment(R"({"now":"2026-01-01T00:00:00Z","deployment":{"id":"d","phase":"created"}})", "{}");
    ASSERT_TRUE(f.ok());
    EXPECT_EQ(f->deployment.age, 0);
}

TEST(Facts, BadDocuments_AreRefused_WithTheField) {
    const std::pair<const char *, const char *> cases[] = {
        {"", "desired"},
        {"[]", "desired"},
        {R"({"deployment":{"id":"d","phase":"x"}})", "now"},
        {R"({"now":"yesterday","deployment":{"id":"d","phase":"x"}})", "now"},
        {R"({"now":"2026-01-01T00:00:00Z"})", "id"},
        {R"({"now":"2026-01-01T00:00:00Z","deployment":{"id":"d"}})", "phase"},
        {R"({"now":"2026-01-01T00:00:00Z","deployment":{"id":7,"phase":"x"}})", "id"},
        {R"({"now":"2026-01-01T00:00:00Z","deployment":{"id":"d","phase":"x","createdAt":"soon"}})", "createdAt"},
    };
    for (const auto &[text, field] : cases) {
        const auto f = read_deployment(text, "{}");
        ASSERT_FALSE(f.ok()) << text;
        EXPECT_EQ(f.error().code, RIG_E_INVALID);
        EXPECT_NE(f.error().message.find(field), std::string::npos) << f.error().message;
    }
    EXPECT_FALSE(read_deployment(desired, R"({"pods":{}})").ok());
    EXPECT_FALSE(read_deployment(desired, R"({"views":{"pods":{"complete":"yes"}}})").ok());
}

TEST(Facts, Source_And_Cluster_AreRead) {
    auto s = read_source(
        R"({"now":"2026-01-01T00:00:00Z","deployments":[{"id":"d","phase":"active","offerId":"o"}]})",
        R"({"offers":[{"id":"o","version":"v","updateInProgress":true}],"stored":[{"id":"p","version":"w"}],"instances":[{"id":"i"}],"views":{}})");
    ASSERT_TRUE(s.ok()) << s.error().message;
    EXPECT_TRUE(s->offers[0].update_in_progress);
    EXPECT_EQ(s->stored[0].id, "p");
    EXPECT_EQ(s->instances[0].age, std::nullopt);
    auto c = read_cluster(
        R"({"now":"2026-01-01T00:00:00Z","deployments":[{"id":"d","phase":"gone"}]})",
        R"({"objects":[{"apiVersion":"v1","kind":"Service","namespace":"chutes","name":"s","uid":"u","deploymentId":"d","ageSeconds":null}]})");
    ASSERT_TRUE(c.ok()) << c.error().message;
    EXPECT_EQ(c->phases.at("d"), "gone");
    EXPECT_EQ(c->objects[0].age, std::nullopt);
}

} // namespace
} // namespace reconcile
