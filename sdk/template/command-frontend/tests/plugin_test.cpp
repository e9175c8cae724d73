#include <rigger/sdk/testing.hpp>

#include <gtest/gtest.h>

namespace {

using rig::testing::FakeHost;
using rig::testing::Instance;

struct Frontend {
    FakeHost host;
    Instance instance;
    Frontend() : instance(*Instance::create(rig_plugin_v1, host)) {
        EXPECT_TRUE(instance.start().ok());
        host.on_query([](auto, auto) -> rig::Result<std::string> {
            return std::string(R"({"items":[{"nodeName":"full","gpuFree":0},{"nodeName":"free","gpuFree":4}],"snapshot":1})");
        });
    }
};

TEST(@CLASS@, ListsOnlyServersWithFreeGpus) {
    Frontend f;
    auto answer = f.instance.invoke("@NAME@");
    ASSERT_TRUE(answer.ok());
    EXPECT_NE(answer->find("\"free\""), std::string::npos);
    EXPECT_EQ(answer->find("\"full\""), std::string::npos);
}

TEST(@CLASS@, WhatTheDaemonRefuses_IsPassedOn) {
    Frontend f;
    f.host.fail(RIG_SERVICE_CONTROL, {RIG_E_DENIED, "Forbidden", "not for you", 0});
    auto answer = f.instance.invoke("@NAME@");
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().code, RIG_E_DENIED);
}

TEST(@CLASS@, AnUnknownCommand_IsNotFound) {
    Frontend f;
    EXPECT_EQ(f.instance.invoke("nothing").error().code, RIG_E_NOT_FOUND);
}

} // namespace
