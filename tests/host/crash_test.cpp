// A plugin that crashes takes the process with it; the next start knows who it was.
#include "support.hpp"

#include "host/guard/crash.hpp"

#include <cmath>
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

} // namespace
} // namespace rigger::host::test
