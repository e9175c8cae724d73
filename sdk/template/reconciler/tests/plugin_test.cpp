#include <rigger/sdk/testing.hpp>

#include <gtest/gtest.h>

namespace {

using rig::testing::FakeHost;
using rig::testing::Instance;

constexpr const char *kDesired = R"({"now":"2026-01-01T00:00:00Z","deployment":{"id":"d1","phase":"created"}})";

std::string observed(const char *phase, int age, bool complete = true) {
    return std::string(R"({"pods":[{"name":"p","phase":")") + phase + R"(","ageSeconds":)" + std::to_string(age) +
           R"(}],"views":{"pods":{"complete":)" + (complete ? "true" : "false") + R"(,"ageSeconds":1}}})";
}

struct Reconciler {
    FakeHost host;
    Instance instance;
    Reconciler() : instance(*Instance::create(rig_plugin_v1, host)) { EXPECT_TRUE(instance.start().ok()); }
    std::vector<rig::testing::ProposedAction> decide(const std::string &seen) {
        auto actions = instance.reconcile("d1", kDesired, seen);
        EXPECT_TRUE(actions.ok());
        return *actions;
    }
};

TEST(@CLASS@, APodThatWaitsTooLong_EndsItsDeployment) {
    const auto actions = Reconciler().decide(observed("Pending", 4000));
    ASSERT_EQ(actions.size(), 1u);
    EXPECT_NE(actions[0].document.find("\"terminate\""), std::string::npos);
}

TEST(@CLASS@, APodThatRuns_IsLeftAlone) { EXPECT_TRUE(Reconciler().decide(observed("Running", 4000)).empty()); }
TEST(@CLASS@, APodThatWaitsAWhile_IsLeftAlone) { EXPECT_TRUE(Reconciler().decide(observed("Pending", 100)).empty()); }
TEST(@CLASS@, AnIncompleteView_ProvesNothing) { EXPECT_TRUE(Reconciler().decide(observed("Pending", 4000, false)).empty()); }

} // namespace
