#include <rigger/sdk/testing.hpp>

#include <gtest/gtest.h>

namespace {

using namespace rig::testing;

constexpr const char *kObject = R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"default"},"data":{"k":"v"}})";
constexpr const char *kRef = R"({"cluster":"memory","apiVersion":"v1","kind":"ConfigMap","namespace":"default","name":"a"})";
constexpr const char *kQuery = R"({"apiVersion":"v1","kind":"ConfigMap"})";

struct Backend {
    FakeHost host;
    Instance instance;
    Backend() : instance(*Instance::create(rig_plugin_v1, host)) { EXPECT_TRUE(instance.start().ok()); }
};

TEST(@CLASS@, Apply_MakesAnObjectThatGetFinds) {
    Backend b;
    ASSERT_TRUE(b.instance.apply("memory", kObject).ok());
    auto stored = b.instance.get(kRef);
    ASSERT_TRUE(stored.ok());
    EXPECT_NE(stored->find("resourceVersion"), std::string::npos);
}

TEST(@CLASS@, Apply_WithDryRun_ChangesNothing) {
    Backend b;
    ASSERT_TRUE(b.instance.apply("memory", kObject, RIG_APPLY_DRY_RUN).ok());
    EXPECT_EQ(b.instance.get(kRef).error().code, RIG_E_NOT_FOUND);
}

TEST(@CLASS@, Remove_OfNothing_IsNotFound) {
    Backend b;
    EXPECT_EQ(b.instance.remove(kRef).error().code, RIG_E_NOT_FOUND);
}

TEST(@CLASS@, Watch_ListsWhatIsThereAndCallsItComplete) {
    Backend b;
    ASSERT_TRUE(b.instance.apply("memory", kObject).ok());
    ObjectRecorder seen;
    FakeCall call;
    seen.after([&](const Delivery &d) {
        if (d.what == Delivery::mark) call.cancel();
    });
    ASSERT_TRUE(b.instance.watch(kQuery, seen, call).ok());
    EXPECT_EQ(seen.all(Delivery::put).size(), 1u);
    EXPECT_TRUE(seen.marked("memory", RIG_MARK_COMPLETE));
}

} // namespace
