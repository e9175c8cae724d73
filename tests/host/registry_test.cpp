#include "support.hpp"

#include "host/frontend.hpp"

namespace rigger::host::test {
namespace {
using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(Registry, StartsOneInstanceOfEveryKind) {
    Host host;
    host.enable("10-source.yaml", "component: com.example.all.source\n");
    host.enable("20-backend.yaml", "component: com.example.all.backend\n");
    host.enable("30-scorer.yaml", "component: com.example.all.scorer\nweight: 0.5\non_failure: closed\n");
    host.enable("40-reconciler.yaml", "component: com.example.all.reconciler\n");
    host.enable("50-frontend.yaml", "component: com.example.all.frontend\n");
    const auto live = host.start().live();
    ASSERT_EQ(live->sources.size(), 1u);
    ASSERT_EQ(live->backends.size(), 1u);
    ASSERT_EQ(live->scorers.size(), 1u);
    ASSERT_EQ(live->reconcilers.size(), 1u);
    ASSERT_EQ(live->frontends.size(), 1u);
    EXPECT_EQ(live->sources[0]->name().str(), "source");
    EXPECT_EQ(live->scorers[0]->traits().weight, 0.5);
    EXPECT_TRUE(live->scorers[0]->traits().fail_closed);
    for (const PluginRow &r : host.registry->status())
        EXPECT_EQ(state_name(r.state), "running") << r.name << ": " << r.last_error;
}

TEST(Registry, RefusesABadInstanceByNameAndStartsTheOthers) {
    struct Case {
        const char *file, *text, *expected;
    };
    const Case cases[] = {
        {"50-x.yaml", "plugin: com.example.nobody\n",
         "50-x.yaml names it. Correct `plugin:`, or run: rigger plugins install"},
        {"50-x.yaml", "component: com.example.all.nothing\n",
         "com.example.all 1.2.3: refused: it has no component 'com.example.all.nothing'."},
        {"50-x.yaml", "name: x\n", "does not say which of its components is meant"},
        {"50-x.yaml", "component: com.example.all.scorer\nwieght: 2\n", "50-x.yaml:3: wieght is not a known key"},
        {"50-x.yaml", "component: com.example.all.frontend\nconfig: { level: 12 }\n",
         "50-x.yaml:3: config.level: found 12; expected a whole number"},
        {"50-x.yaml", "component: com.example.all.frontend\nconfig: { volume: 1 }\n",
         "50-x.yaml:3: config.volume: is not known"},
        {"50-x.yaml", "component: com.example.all.scorer\nlimits: { claim: { soft: 1s } }\n",
         "limits.claim is not a call of rig.placement-scorer/1"},
        {"50-x.yaml", "component: com.example.all.source\nsecrets: { wallet: \"${env:W}\" }\n",
         "secret 'wallet', which its manifest does not ask for"},
        {"60-x.yaml", "name: good\ncomponent: com.example.all.scorer\n", "its instance name 'good' is taken by"},
    };
    for (const Case &c : cases) {
        Host host;
        host.enable("50-good.yaml", "component: com.example.all.reconciler\n");
        host.enable(c.file, c.text);
        host.start();
        PluginRow bad;
        for (const PluginRow &r : host.registry->status())
            if (r.file.ends_with(c.file)) bad = r;
        EXPECT_EQ(state_name(bad.state), "refused") << c.text;
        EXPECT_THAT(bad.last_error, HasSubstr(c.expected)) << c.text;
        EXPECT_FALSE(bad.next_command.empty());
        EXPECT_EQ(host.registry->live()->reconcilers.size(), 1u);
    }
}

TEST(Registry, AnswersAnErrorOnlyWhenARequiredInstanceDoesNotRun) {
    Host host;
    host.enable("50-x.yaml", "plugin: com.example.nobody\nrequired: true\n");
    const Status started = host.open().start();
    ASSERT_FALSE(started.ok());
    EXPECT_EQ(started.error().reason, "RequiredPlugin");
    EXPECT_THAT(started.error().message, HasSubstr("com.example.nobody"));
}

TEST(Registry, Reload_StartsWhatIsNewStopsWhatIsGoneAndLeavesTheRest) {
    Host host;
    host.enable("10-a.yaml", "component: com.example.all.source\n");
    host.enable("20-b.yaml", "component: com.example.all.reconciler\n");
    Registry &r = host.start();
    const auto before = r.live();
    std::filesystem::remove(host.options.enabled_dir / "20-b.yaml");
    host.enable("30-c.yaml", "component: com.example.all.scorer\n");
    ASSERT_TRUE(r.reload().ok());
    const auto after = r.live();
    EXPECT_EQ(after->sources, before->sources);
    EXPECT_TRUE(after->reconcilers.empty());
    EXPECT_EQ(after->scorers.size(), 1u);
    EXPECT_GT(after->generation, before->generation);
    const auto late = before->reconcilers[0]->reconcile({}, "k", "{}", "{}");
    ASSERT_FALSE(late.ok());
    EXPECT_EQ(late.error().reason, "NotRunning");
}

TEST(Registry, Reload_RestartsAnInstanceWhoseFileChanged) {
    Host host;
    host.enable("10-s.yaml", "component: com.example.all.scorer\nweight: 1\n");
    Registry &r = host.start();
    host.enable("10-s.yaml", "component: com.example.all.scorer\nweight: 3\n");
    ASSERT_TRUE(r.reload().ok());
    ASSERT_EQ(r.live()->scorers.size(), 1u);
    EXPECT_EQ(r.live()->scorers[0]->traits().weight, 3);
}

TEST(Registry, Disable_StopsAnInstanceUntilItIsReloaded) {
    Host host;
    host.enable("10-s.yaml", "component: com.example.all.scorer\n");
    Registry &r = host.start();
    ASSERT_TRUE(r.disable("s").ok());
    EXPECT_TRUE(r.live()->scorers.empty());
    EXPECT_EQ(state_name(host.row("s").state), "disabled");
    EXPECT_EQ(r.disable("nobody").error().reason, "UnknownInstance");
    ASSERT_TRUE(r.reload().ok());
    EXPECT_EQ(r.live()->scorers.size(), 1u);
}

TEST(Registry, TellsItsListenerOfEveryChange) {
    Host host;
    host.enable("10-s.yaml", "component: com.example.all.scorer\n");
    std::mutex mutex;
    std::vector<size_t> scorers;
    host.open().on_change([&](LivePortsPtr live) {
        const std::lock_guard lock(mutex);
        scorers.push_back(live->scorers.size());
    });
    ASSERT_TRUE(host.registry->start().ok());
    ASSERT_TRUE(host.registry->disable("s").ok());
    EXPECT_TRUE(host.until([&] {
        const std::lock_guard lock(mutex);
        return scorers == std::vector<size_t>{1, 0};
    }));
}

TEST(Registry, StartsASingletonOnce) {
    Host host;
    host.enable("10-one.yaml", "component: com.example.all.lone\n");
    host.enable("20-two.yaml", "component: com.example.all.lone\n");
    host.start();
    EXPECT_EQ(state_name(host.row("one").state), "running");
    EXPECT_EQ(state_name(host.row("two").state), "refused");
    EXPECT_THAT(host.row("two").last_error,
                HasSubstr("only one instance of com.example.all.lone may run, and 'one' does"));
}

TEST(Registry, SafeModeStartsNoForeignPlugins) {
    Host host;
    host.options.safe_mode = true;
    host.enable("10-s.yaml", "component: com.example.all.scorer\n");
    host.start();
    EXPECT_TRUE(host.registry->live()->scorers.empty());
    EXPECT_THAT(host.row("s").last_error, HasSubstr("safe mode"));
}

TEST(Registry, StatusIsJsonThatACommandCanShow) {
    Host host;
    host.enable("10-s.yaml", "component: com.example.all.scorer\n");
    host.start();
    const std::string text = to_json(host.registry->status());
    for (const char *part : {R"("id":"com.example.all")", R"("state":"running")", R"("breaker":"closed")",
                             R"("name":"s")", R"("digest":")"})
        EXPECT_THAT(text, HasSubstr(part));
}

TEST(Registry, RefusesToWorkWithoutWhatItNeeds) {
    Host host;
    auto options = host.options;
    options.check.cache_dir.clear();
    EXPECT_EQ(Registry::open(options, host.services).error().reason, "OptionMissing");
    auto services = host.services;
    services.clock = nullptr;
    EXPECT_EQ(Registry::open(host.options, services).error().reason, "ServiceMissing");
}

TEST(Registry, SaysWhichDirectoryIsMissing) {
    Host host;
    host.options.enabled_dir = host.directory.path() / "nowhere";
    const Status started = host.open().start();
    ASSERT_FALSE(started.ok());
    EXPECT_THAT(started.error().message, HasSubstr("nowhere"));
}

} // namespace
} // namespace rigger::host::test
