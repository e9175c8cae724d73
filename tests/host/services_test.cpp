// What a plugin gets from the host, asked for by a plugin.
#include "support.hpp"

#include "host/frontend.hpp"

namespace rigger::host::test {
namespace {
using namespace std::chrono_literals;
using testing::HasSubstr;

class Services : public testing::Test {
protected:
    void start(const std::string &more = {}) {
        host.enable("50-front.yaml", "component: com.example.all.frontend\n" + more);
        frontend = host.start().live()->frontends.at(0);
    }
    Result<std::string> ask(const std::string &what) {
        return frontend->invoke({"test", Role::operate}, {}, "show", R"({"what":")" + what + "\"}", {});
    }
    Host host;
    std::shared_ptr<Frontend> frontend;
};

TEST_F(Services, StoreKeepsAPluginsKeysUnderItsId) {
    start();
    EXPECT_EQ(*ask("store"), R"({"value":"value"})");
    EXPECT_TRUE(host.store.all().contains("com.example.all/key"));
}

TEST_F(Services, StoreIsUnsupportedWhenTheHostHasNone) {
    host.services.store = nullptr;
    start();
    EXPECT_EQ(ask("store").error().code, Code::unsupported);
}

TEST_F(Services, SecretsNeedAGrantAndAReference) {
    start("secrets: { hotkey: \"${file:/etc/x}\" }\n");
    EXPECT_EQ(*ask("secret"), R"({"value":"resolved ${file:/etc/x}"})");
    EXPECT_EQ(ask("foreign secret").error().reason, "SecretNotGranted");
}

TEST_F(Services, ASecretWithoutReferenceSaysWhatToWrite) {
    start();
    const auto answer = ask("secret");
    EXPECT_EQ(answer.error().reason, "SecretMissing");
    EXPECT_THAT(answer.error().message, HasSubstr("secrets: { hotkey:"));
}

TEST_F(Services, TimersRunOnTheHostsClockAndDieWithTheInstance) {
    start();
    ASSERT_TRUE(ask("timer").ok());
    host.registry->scan();
    EXPECT_EQ(*ask("ticks"), R"({"ticks":0,"events":0})");
    host.clock.advance(1001ms);
    EXPECT_TRUE(host.until([&] { return *ask("ticks") == R"({"ticks":1,"events":0})"; }));
    ASSERT_TRUE(ask("timer").ok());
    ASSERT_TRUE(host.registry->disable("front").ok());
    host.clock.advance(2s);
    host.registry->scan();
}

TEST_F(Services, EventsReachTheirSubscribersOnTheStrand) {
    start();
    ASSERT_TRUE(ask("event").ok());
    EXPECT_TRUE(host.until([&] { return *ask("ticks") == R"({"ticks":0,"events":1})"; }));
}

TEST_F(Services, HttpReachesGrantedHostsOnly) {
    start();
    EXPECT_EQ(*ask("http"), R"({"url":"https://api.example.com/v1"})");
    EXPECT_EQ(ask("foreign http").error().reason, "BadUrl") << "a user part hides the true host";
}

TEST_F(Services, HttpIsUnsupportedWithoutAClient) {
    host.services.http = nullptr;
    start();
    EXPECT_EQ(ask("http").error().code, Code::unsupported);
}

TEST_F(Services, MetricsCarryTheInstancesNameAndOneHandlePerSeries) {
    start();
    ASSERT_TRUE(ask("metric").ok());
    EXPECT_EQ(host.metrics.value("tests_total", "front"), 2);
}

TEST_F(Services, WhatTheManifestDoesNotGrantIsNotThere) {
    host.enable("10-none.yaml", "plugin: com.example.bad.none\n");
    start();
    // com.example.bad.none is granted the log and the clock alone; it runs without the others.
    EXPECT_EQ(state_name(host.row("none").state), "running");
}

} // namespace
} // namespace rigger::host::test
