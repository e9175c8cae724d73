// A plugin that crashes takes the process with it; the next start knows who it was.
#include "support.hpp"

#include "host/guard/crash.hpp"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rigger::host::test {
namespace {
using namespace std::chrono_literals;
using testing::HasSubstr;

class SystemClock final : public Clock {
public:
    WallTime wall() const override {
        return {
            std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
                .count()};
    }
    MonoTime monotonic() const override {
        return {static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count())};
    }
};

/// Runs a registry with this plugin in a child and scores once. The answer: how the child ended.
int run_in_child(Host &host, void (*former)(int) = SIG_DFL) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        const rlimit none{0, 0};
        ::setrlimit(RLIMIT_CORE, &none);
        if (former != SIG_DFL) ::signal(SIGSEGV, former);
        SystemClock clock;
        host.services.clock = &clock;
        host.options.run_watchdog = true;
        host.options.install_crash_handler = true;
        auto registry = Registry::open(host.options, host.services);
        (void)(*registry)->start();
        std::vector<double> column(8, 1.0), scores(1, 0.0);
        const std::vector<ColumnView> candidates{{column.data()}, {column.data()}}, workloads{{column.data()}};
        ScoreBatchView b;
        b.candidates = {1, candidates};
        b.workloads = {1, workloads};
        b.stride = 1;
        b.scores = scores.data();
        for (const auto &s : (*registry)->live()->scorers) (void)s->score(b);
        (*registry)->stop();
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    return status;
}

TEST(CrashAttribution, ACrashIsRecordedAndTheSecondOneQuarantines) {
    SystemClock clock;
    Host host;
    host.services.clock = &clock;
    host.enable_bad("crashes_score");
    const int status = run_in_child(host);
    EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
    const auto record = host.options.state_dir / "crashes.log";
    auto crashes = read_crashes(record);
    ASSERT_EQ(crashes.size(), 1u);
    EXPECT_EQ(crashes[0].plugin, "com.example.bad.crashes-score");
    EXPECT_EQ(crashes[0].instance, "crashes-score");
    EXPECT_EQ(crashes[0].call, "score");
    EXPECT_EQ(crashes[0].signal, SIGSEGV);

    (void)run_in_child(host);
    EXPECT_THAT(read_file(record), HasSubstr("call=score"));
    host.start();
    EXPECT_EQ(state_name(host.row("crashes-score").state), "quarantined");
    ASSERT_EQ(host.registry->warnings().size(), 1u);
    EXPECT_THAT(host.registry->warnings()[0],
                HasSubstr("crashed the daemon in score with SIGSEGV for the second time"));
    ASSERT_TRUE(host.registry->reset("crashes-score").ok());
    EXPECT_EQ(state_name(host.row("crashes-score").state), "running");
    host.registry->stop();
    host.registry.reset();
    host.start();
    EXPECT_EQ(state_name(host.row("crashes-score").state), "running") << "what was reset does not come back";
}

TEST(CrashAttribution, ACrashThatAFormerHandlerEndsWithAnotherSignalIsOne) {
    SystemClock clock;
    Host host;
    host.services.clock = &clock;
    host.enable_bad("crashes_score");
    (void)run_in_child(host, [](int) { std::abort(); });
    const auto crashes = read_crashes(host.options.state_dir / "crashes.log");
    ASSERT_EQ(crashes.size(), 1u);
    EXPECT_EQ(crashes[0].signal, SIGSEGV);
}

TEST(CrashAttribution, AnExceptionThatLeavesAThreadOfThePluginsOwnIsThePlugins) {
    SystemClock clock;
    Host host;
    host.services.clock = &clock;
    host.enable_bad("escapes_thread");
    (void)run_in_child(host);
    const auto crashes = read_crashes(host.options.state_dir / "crashes.log");
    ASSERT_EQ(crashes.size(), 1u);
    EXPECT_EQ(crashes[0].plugin, "com.example.bad.escapes-thread");
    EXPECT_EQ(crashes[0].instance, "escapes-thread");
    EXPECT_EQ(crashes[0].signal, SIGABRT);
    const auto judgement = judge(crashes, clock.wall());
    ASSERT_EQ(judgement.warnings.size(), 1u);
    EXPECT_THAT(judgement.warnings[0], HasSubstr("crashed the daemon in a thread of its own with SIGABRT"));
}

TEST(CrashAttribution, APluginThatCallsExitIsRecordedToo) {
    for (const std::string fault : {"exits", "exits_quickly"}) {
        SystemClock clock;
        Host host;
        host.services.clock = &clock;
        host.enable_bad(fault);
        const int status = run_in_child(host);
        ASSERT_TRUE(WIFEXITED(status));
        EXPECT_EQ(WEXITSTATUS(status), 70) << fault;
        const auto crashes = read_crashes(host.options.state_dir / "crashes.log");
        ASSERT_EQ(crashes.size(), 1u) << fault;
        EXPECT_TRUE(crashes[0].plugin.starts_with("com.example.bad.exits"));
        EXPECT_EQ(crashes[0].signal, 0);
    }
}

TEST(CrashAttribution, ACrashAtStartIsThePlugins) {
    SystemClock clock;
    Host host;
    host.services.clock = &clock;
    host.enable_bad("crashes_start");
    (void)run_in_child(host);
    const auto crashes = read_crashes(host.options.state_dir / "crashes.log");
    ASSERT_EQ(crashes.size(), 1u);
    EXPECT_EQ(crashes[0].call, "start");
}

class Silent : public testing::TestWithParam<const char *> {};

TEST_P(Silent, AnEndWithoutAWordNamesWhoWasBeingCalled) {
    SystemClock clock;
    Host host;
    host.services.clock = &clock;
    host.enable("99-good.yaml", "component: com.example.all.reconciler\n");
    host.enable_bad(GetParam());
    std::string name = GetParam();
    std::replace(name.begin(), name.end(), '_', '-');
    (void)run_in_child(host);
    host.start();
    const auto row = host.row(name);
    EXPECT_EQ(state_name(row.state), "running") << "an end without a word proves nothing";
    EXPECT_THAT(row.last_error, HasSubstr("com.example.bad." + name + " 1.0.0 (instance '" + name +
                                          "') was in score when the daemon ended without a word"));
    EXPECT_EQ(row.next_command, "rigger plugins disable " + name);
    EXPECT_THAT(host.log(), HasSubstr("In progress were these calls: com.example.bad." + name));
    EXPECT_EQ(host.registry->warnings().size(), 1u);
    ASSERT_TRUE(host.registry->reset(name).ok());
    EXPECT_EQ(host.row(name).last_error, "");

    host.registry->stop();
    host.registry.reset();
    for (int i = 0; i < 6; ++i) (void)run_in_child(host);
    host.start();
    EXPECT_EQ(state_name(host.row(name).state), "running")
        << "nor do six: whoever kills the daemon at work hits the same";
    EXPECT_FALSE(host.registry->safe_mode());
}

INSTANTIATE_TEST_SUITE_P(Plugins, Silent, testing::Values("vanishes", "kills", "resets_and_crashes"),
                         [](const auto &i) { return std::string(i.param); });

TEST(CrashAttribution, AnEndThatWasToldIsNotWithoutAWord) {
    SystemClock clock;
    Host host;
    host.services.clock = &clock;
    host.enable_bad("crashes_score");
    (void)run_in_child(host);
    host.start();
    ASSERT_EQ(host.registry->warnings().size(), 1u);
    EXPECT_THAT(host.registry->warnings()[0], HasSubstr("crashed the daemon in score with SIGSEGV"));
    EXPECT_THAT(host.row("crashes-score").last_error, HasSubstr("a second crash within 10 minutes will quarantine it"));
    host.registry->stop();
    host.registry.reset();
    host.start();
    EXPECT_THAT(host.log(), testing::Not(HasSubstr("without a word")));
}

void expect_a_segfault(const char *fault, const char *instance, const char *call) {
    SystemClock clock;
    Host host;
    host.services.clock = &clock;
    host.enable_bad(fault);
    const int status = run_in_child(host);
    EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
    const auto crashes = read_crashes(host.options.state_dir / "crashes.log");
    ASSERT_EQ(crashes.size(), 1u);
    EXPECT_EQ(crashes[0].instance, instance);
    EXPECT_EQ(crashes[0].call, call);
    EXPECT_EQ(crashes[0].signal, SIGSEGV);
}

TEST(CrashAttribution, AStackOverflowInAThreadOfThePluginsOwnIsThePlugins) {
    expect_a_segfault("overflows_thread", "overflows-thread", "thread");
}

TEST(CrashAttribution, WhatBecomesOfAChildProcessIsNoCrashOfTheDaemon) {
    for (const char *fault : {"forks_and_exits", "forks_and_crashes"}) {
        SystemClock clock;
        Host host;
        host.services.clock = &clock;
        host.enable_bad(fault);
        const int status = run_in_child(host);
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        EXPECT_TRUE(read_crashes(host.options.state_dir / "crashes.log").empty()) << fault;
    }
}

TEST(CrashAttribution, APluginThatClosesTheHostsFilesEndsTheDaemonByName) {
    for (const auto &[fault, name, call] : {std::tuple("closes_files", "closes-files", "start"),
                                            std::tuple("closes_files_later", "closes-files-later", "score")}) {
        SystemClock clock;
        Host host;
        host.services.clock = &clock;
        host.enable_bad(fault);
        const int status = run_in_child(host);
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 75) << status;
        const auto crashes = read_crashes(host.options.state_dir / "crashes.log");
        ASSERT_EQ(crashes.size(), 1u);
        EXPECT_EQ(crashes[0].instance, name);
        EXPECT_EQ(crashes[0].call, call);
        const auto judgement = judge(crashes, clock.wall());
        ASSERT_EQ(judgement.warnings.size(), 1u);
        EXPECT_THAT(judgement.warnings[0], HasSubstr("with the closing of files of the host"));
    }
}

/// Processor time of all threads.
Duration worked() {
    timespec t{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return Duration(int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec);
}

TEST(CrashAttribution, AThreadThatCallsTheHostForEverFindsItClosedWhenItIsGone) {
    Host host;
    host.enable_bad("calls_for_ever");
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::mallopt(M_PERTURB, 0x5a); // what is freed says so
        auto clock = std::make_unique<SystemClock>();
        host.services.clock = clock.get();
        host.options.run_watchdog = true;
        auto registry = Registry::open(host.options, host.services);
        (void)(*registry)->start();
        (*registry)->stop();
        registry->reset();
        clock.reset();
        for (const Duration begun = worked(); worked() - begun < 100ms;) std::this_thread::yield();
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST(CrashAttribution, AWriteFarBehindTheRowsCrashesWhereItIsMade) {
    expect_a_segfault("writes_far_past_row", "writes-far-past-row", "score");
}

TEST(CrashAttribution, AChildThatComesBackFromAPluginEnds) {
    SystemClock clock;
    Host host;
    host.services.clock = &clock;
    host.enable_bad("forks"); // it waits for its child
    testing::internal::CaptureStderr();
    host.start();
    EXPECT_THAT(
        testing::internal::GetCapturedStderr(),
        HasSubstr("com.example.bad.forks 1.0.0 (instance 'forks') called fork() in start() and came back in the "
                  "child, which ends here"));
    EXPECT_EQ(state_name(host.row("forks").state), "running") << host.row("forks").last_error;
}

} // namespace
} // namespace rigger::host::test
