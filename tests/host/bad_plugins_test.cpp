// Every deliberately bad plugin: the host names the culprit, says why, and goes on with the others.
#include "support.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <locale>

namespace rigger::host::test {
namespace {
using namespace std::chrono_literals;
using testing::HasSubstr;

/// A batch of one workload on `n` candidates for the bad scorers' columns (gpu.free, gpu.total; gpu.count).
struct Batch {
    explicit Batch(size_t n = 4)
        : free(padded(n), 4.0), total(padded(n), 8.0), count(8, 1.0),
          scores(n, std::nan("")), two{{free.data()}, {total.data()}}, one{{free.data()}}, wanted{{count.data()}} {
        view.candidates = {n, two};
        view.workloads = {1, wanted};
        view.stride = n;
        view.scores = scores.data();
    }
    static size_t padded(size_t n) { return (n + 7) / 8 * 8; }
    std::vector<double> free, total, count, scores;
    std::vector<ColumnView> two, one, wanted;
    ScoreBatchView view;
};

class BadPlugins : public testing::Test {
protected:
    BadPlugins() { host.enable("99-good.yaml", "component: com.example.all.reconciler\n"); }
    void start_with(const std::string &fault, const std::string &more = {}) {
        name = fault;
        for (char &c : name)
            if (c == '_') c = '-';
        host.enable_bad(fault, more);
        host.open();
        host.run_out([&] { (void)host.registry->start(); }, 200ms);
    }
    void expect_others_run() {
        ASSERT_EQ(host.registry->live()->reconcilers.size(), 1u);
        EXPECT_TRUE(host.registry->live()->reconcilers[0]->reconcile({}, "k", "{}", "{}").ok());
    }
    Status score(Batch &b) {
        const auto live = host.registry->live();
        if (live->scorers.empty()) return Error{Code::unavailable, "NotRunning", "no scorer runs", 0};
        if (live->scorers[0]->traits().candidate_columns.size() == 1) b.view.candidates.columns = b.one;
        Status done;
        host.run_out([&] { done = live->scorers[0]->score(b.view); }, 0ms);
        return done;
    }
    Host host;
    std::string name;
};

struct Refused {
    const char *fault, *reason_text;
};
class RefusedPlugins : public BadPlugins, public testing::WithParamInterface<Refused> {};

TEST_P(RefusedPlugins, AreRefusedByNameBeforeTheirCodeRunsHere) {
    host.options.check.probe_limit = 2s;
    start_with(GetParam().fault);
    const PluginRow row = host.row(name);
    EXPECT_EQ(state_name(row.state), "refused") << row.last_error;
    EXPECT_THAT(row.last_error, HasSubstr("com.example.bad." + name + " 1.0.0: refused: "));
    EXPECT_THAT(row.last_error, HasSubstr(GetParam().reason_text));
    EXPECT_TRUE(row.last_error.ends_with('.')) << row.last_error;
    EXPECT_THAT(host.log(), HasSubstr(GetParam().reason_text));
    expect_others_run();
}

INSTANTIATE_TEST_SUITE_P(
    Files, RefusedPlugins,
    testing::Values(Refused{"wrong_struct_size", "struct_size 16"}, Refused{"bad_magic", "wrong magic number"},
                    Refused{"wrong_major", "it was built for ABI 7"}, Refused{"newer_abi", "it needs ABI 1.99"},
                    Refused{"no_components", "it has no components"}, Refused{"unknown_kind", "rig.time-machine/1"},
                    Refused{"needs_ungranted", "needs rig.control/1, which its manifest does not ask for"},
                    Refused{"wrong_component_size", "struct_size 24"}, Refused{"wrong_note", "9.9.9"},
                    Refused{"no_note", "no identity note"}, Refused{"no_entry", "it must export exactly rig_plugin_v1"},
                    Refused{"two_exports", "it must export exactly rig_plugin_v1"},
                    Refused{"crashes_load", "ended the probe"}, Refused{"hangs_load", "its static constructors hang"}),
    [](const auto &i) { return std::string(i.param.fault); });

TEST_F(BadPlugins, AnIdThatIsNotTheManifestsIsRefused) {
    start_with("wrong_id");
    EXPECT_EQ(state_name(host.row(name).state), "refused");
    EXPECT_THAT(host.row(name).last_error, HasSubstr("com.example.somebody-else"));
    expect_others_run();
}

class FailedPlugins : public BadPlugins, public testing::WithParamInterface<Refused> {};

TEST_P(FailedPlugins, FailToStartAndSayWhy) {
    start_with(GetParam().fault);
    const PluginRow row = host.row(name);
    EXPECT_EQ(state_name(row.state), "failed") << row.last_error;
    EXPECT_THAT(row.last_error, HasSubstr("com.example.bad." + name + " 1.0.0"));
    EXPECT_THAT(row.last_error, HasSubstr(GetParam().reason_text));
    expect_others_run();
}

INSTANTIATE_TEST_SUITE_P(Starts, FailedPlugins,
                         testing::Values(Refused{"throws_create", "create"}, Refused{"throws_start", "start"},
                                         Refused{"escapes_create", "crossed the border on purpose"},
                                         Refused{"escapes_start", "crossed the border on purpose"},
                                         Refused{"exhausted_create", "create: allocation failed"},
                                         Refused{"exhausted_start", "start: allocation failed"},
                                         Refused{"escapes_exhausted_create", "create: std::bad_alloc"},
                                         Refused{"escapes_exhausted_start", "start: std::bad_alloc"},
                                         Refused{"null_table", "no table for rig.placement-scorer/1"},
                                         Refused{"null_instance", "without an instance"},
                                         Refused{"short_table", "struct_size 16"}),
                         [](const auto &i) { return std::string(i.param.fault); });

TEST_F(BadPlugins, AFailedStartIsTriedAgainWithBackOff) {
    start_with("throws_start");
    const auto failures = [&] {
        return host.log().find("throws-start") == std::string::npos
                   ? 0
                   : static_cast<int>(host.row(name).since.ns / 1'000'000);
    };
    const int before = failures();
    host.clock.advance(1100ms);
    EXPECT_TRUE(host.until([&] { return failures() > before; }));
    EXPECT_EQ(state_name(host.row(name).state), "failed");
}

/// On a busy machine the driven clock runs past the deadline before a thread takes the call.
Status score_until_begun(PlacementScorer &scorer, Batch &batch) {
    for (;;)
        if (Status done = scorer.score(batch.view); done.ok() || done.error().reason != "NotBegun") return done;
}

class HangingPlugins : public BadPlugins, public testing::WithParamInterface<const char *> {};

TEST_P(HangingPlugins, AreWrittenOffAndQuarantined) {
    start_with(std::string("hangs_") + GetParam());
    if (std::string_view(GetParam()) == "score") {
        Batch b;
        const auto scorer = host.registry->live()->scorers.at(0);
        Status done;
        host.run_out([&] { done = score_until_begun(*scorer, b); }, 100ms);
        ASSERT_FALSE(done.ok());
        EXPECT_EQ(done.error().reason, "Hung");
    }
    EXPECT_EQ(state_name(host.row(name).state), "quarantined");
    EXPECT_THAT(host.log(), HasSubstr("com.example.bad." + name + " 1.0.0 (instance '" + name +
                                      "'): did not return from " + GetParam() + "()"));
    EXPECT_EQ(host.row(name).next_command, "rigger plugins reset " + name);
    EXPECT_TRUE(host.until([&] { return host.registry->live()->scorers.empty(); }));
    expect_others_run();
}

INSTANTIATE_TEST_SUITE_P(Calls, HangingPlugins, testing::Values("create", "start", "score"),
                         [](const auto &i) { return std::string(i.param); });

TEST_F(BadPlugins, OneThatHangsInStopDoesNotHoldUpTheDaemonsEnd) {
    start_with("hangs_stop");
    ASSERT_EQ(state_name(host.row(name).state), "running");
    const MonoTime begun = host.clock.monotonic();
    host.run_out([&] { host.registry->stop(); }, 20ms);
    EXPECT_LT(host.clock.monotonic() - begun, 10s) << "a stop has 10 s, and the others need some of them";
    EXPECT_THAT(host.log(), HasSubstr("com.example.bad.hangs-stop 1.0.0"));
    EXPECT_THAT(host.log(), HasSubstr("did not return from stop() before the process ended"));

    host.start(); // it was given less time than it may need
    EXPECT_EQ(state_name(host.row(name).state), "running");
}

TEST_F(BadPlugins, OneWhoseThreadPostsUntilItIsStoppedCanBeStopped) {
    start_with("floods");
    ASSERT_EQ(state_name(host.row(name).state), "running") << host.row(name).last_error;
    host.run_out([&] { host.registry->stop(); }, 1ms);
    EXPECT_THAT(host.log(), testing::Not(HasSubstr("did not return from")));
}

class MeddlingPlugins : public BadPlugins, public testing::WithParamInterface<const char *> {};

TEST_P(MeddlingPlugins, AreNamedAndWhatTheyChangedIsPutBack) {
    const auto handler_of = [](int signal) {
        struct sigaction now {};
        ::sigaction(signal, nullptr, &now);
        return now.sa_handler;
    };
    const auto term = handler_of(SIGTERM), usr2 = handler_of(SIGUSR2);
    const auto directory = std::filesystem::current_path();
    const std::locale locale;
    const mode_t mask = ::umask(022);
    ::umask(mask);
    const bool input = ::fcntl(STDIN_FILENO, F_GETFD) >= 0;
    const auto files = [] {
        rlimit now{};
        ::getrlimit(RLIMIT_NOFILE, &now);
        return now.rlim_cur;
    };
    const rlim_t most_files = files();
    start_with(std::string("meddles_") + GetParam());
    EXPECT_EQ(files(), most_files);

    EXPECT_EQ(handler_of(SIGTERM), term);
    EXPECT_EQ(handler_of(SIGUSR2), usr2);
    EXPECT_EQ(std::filesystem::current_path(), directory);
    EXPECT_TRUE(std::locale() == locale);
    EXPECT_EQ(::umask(mask), mask);
    EXPECT_EQ(::fcntl(STDIN_FILENO, F_GETFD) >= 0, input);
    const PluginRow row = host.row(name);
    EXPECT_EQ(state_name(row.state), "running");
    EXPECT_GE(row.failures, 1u);
    EXPECT_THAT(row.last_error, HasSubstr(std::string(GetParam()) + ": ProcessChanged: "));
    for (const char *what : {"the handler of SIGTERM", "the handler of SIGUSR2", "the C++ locale", "the file mode mask",
                             "the working directory", "the signal mask", "the limit 'nofile'",
                             "the scheduling of a thread of the host", "the floating-point mode"})
        EXPECT_THAT(row.last_error, HasSubstr(what));
    expect_others_run();
}

INSTANTIATE_TEST_SUITE_P(Calls, MeddlingPlugins, testing::Values("load", "start"),
                         [](const auto &i) { return std::string(i.param); });

TEST_F(BadPlugins, ACodeWithoutAWordIsNamedByItsNumber) {
    start_with("strange_code");
    Batch b;
    EXPECT_EQ(score(b).error().reason, "UnknownCode");
    EXPECT_THAT(host.row(name).last_error, HasSubstr("score: UnknownCode: answered code 999 without a message"));
}

TEST_F(BadPlugins, AQuarantineOutlivesARestartAndResetLiftsIt) {
    start_with("hangs_score");
    Batch b;
    const auto scorer = host.registry->live()->scorers.at(0);
    host.run_out([&] { (void)score_until_begun(*scorer, b); }, 100ms);
    host.run_out([&] { host.registry->stop(); }, 10ms);
    host.registry.reset();

    host.start();
    EXPECT_EQ(state_name(host.row(name).state), "quarantined");
    EXPECT_THAT(host.row(name).last_error, HasSubstr("did not return from score()"));
    ASSERT_TRUE(host.registry->reset(name).ok());
    EXPECT_EQ(state_name(host.row(name).state), "running");
    EXPECT_EQ(host.registry->live()->scorers.size(), 1u);
}

TEST_F(BadPlugins, ThreeStuckThreadsMakeTheHostGiveUp) {
    std::atomic<int> gave_up{0};
    host.options.give_up = [&](const std::string &why) {
        EXPECT_THAT(why, HasSubstr("com.example.bad.hangs-start"));
        ++gave_up;
    };
    for (const char *file : {"10-a.yaml", "11-b.yaml", "12-c.yaml", "13-d.yaml"})
        host.enable(file, "plugin: com.example.bad.hangs-start\n");
    host.open();
    host.run_out([&] { (void)host.registry->start(); }, 1s);
    EXPECT_EQ(gave_up, 1);
}

TEST_F(BadPlugins, AScorerThatHangsOnItsCallersThreadMakesTheHostGiveUpAtOnce) {
    std::atomic<int> gave_up{0};
    host.options.scorers_on_caller = true;
    host.options.give_up = [&](const std::string &why) {
        EXPECT_THAT(why, HasSubstr("com.example.bad.hangs-score 1.0.0"));
        EXPECT_THAT(why, HasSubstr("did not return from score()"));
        ++gave_up;
    };
    start_with("hangs_score");
    // Nothing can release this thread: it is left behind, with all that it uses.
    std::thread([scorer = host.registry->live()->scorers.at(0), batch = std::make_shared<Batch>()] {
        (void)score_until_begun(*scorer, *batch);
    }).detach();
    EXPECT_TRUE(host.until([&] {
        host.clock.advance(10ms);
        return gave_up == 1;
    }));
}

TEST_F(BadPlugins, AScorerOnItsCallersThreadIsGuardedAllTheSame) {
    host.options.scorers_on_caller = true;
    start_with("escapes_score");
    Batch b;
    EXPECT_EQ(score(b).error().reason, "ExceptionEscaped");
}

struct WrongScores {
    const char *fault, *reason;
};
class WrongScorers : public BadPlugins, public testing::WithParamInterface<WrongScores> {};

TEST_P(WrongScorers, LoseTheirBatchAndAreCounted) {
    start_with(GetParam().fault);
    Batch b;
    const Status done = score(b);
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().reason, GetParam().reason) << done.error().message;
    EXPECT_THAT(done.error().message, HasSubstr("com.example.bad." + name));
    for (const double s : b.scores) EXPECT_TRUE(std::isnan(s));
    EXPECT_GE(host.row(name).failures, 1u);
    EXPECT_EQ(host.metrics.value("rigger_plugin_failures_total", {{"instance", name}}), 1);
    expect_others_run();
}

INSTANTIATE_TEST_SUITE_P(Faults, WrongScorers,
                         testing::Values(WrongScores{"out_of_range", "ScoreOutOfRange"},
                                         WrongScores{"infinite_scores", "ScoreOutOfRange"},
                                         WrongScores{"throws_score", "UncaughtException"},
                                         WrongScores{"escapes_score", "ExceptionEscaped"}),
                         [](const auto &i) { return std::string(i.param.fault); });

TEST_F(BadPlugins, AWriteBehindTheRowIsSeenAndHarmsNobody) {
    start_with("writes_past_row");
    Batch b(8);
    b.scores.resize(9, -7.0);
    b.view.scores = b.scores.data();
    const Status done = score(b);
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().reason, "WroteOutside");
    EXPECT_EQ(b.scores[8], -7.0);
}

TEST_F(BadPlugins, AWriteBeforeTheFirstRowIsSeenAndHarmsNobody) {
    start_with("writes_before_row");
    Batch b(8);
    EXPECT_EQ(score(b).error().reason, "WroteOutside");
    EXPECT_THAT(host.row(name).last_error, HasSubstr("wrote before the beginning of its values"));
}

TEST_F(BadPlugins, NaNIsAnAbstentionAndNoFault) {
    start_with("nan_scores");
    Batch b;
    ASSERT_TRUE(score(b).ok());
    for (const double s : b.scores) EXPECT_TRUE(std::isnan(s));
    EXPECT_EQ(host.row(name).failures, 0u);
}

TEST_F(BadPlugins, AnHonestScorerScores) {
    start_with("none");
    Batch b;
    ASSERT_TRUE(score(b).ok());
    for (const double s : b.scores) EXPECT_DOUBLE_EQ(s, 3.0 / 8.0);
}

TEST_F(BadPlugins, AScorersTableMayEndBehindExplainAndIsAPreferenceThen) {
    start_with("table_ends_early");
    Batch b;
    ASSERT_TRUE(score(b).ok()) << host.row(name).last_error;
    for (const double s : b.scores) EXPECT_DOUBLE_EQ(s, 4.0 / 64.0);
    EXPECT_EQ(host.registry->live()->scorers.front()->traits().role, ScoreRole::preference);
    expect_others_run();
}

TEST_F(BadPlugins, AScorerThatUsesMoreThanItsMillisecondIsLateAndItsScoresCount) {
    start_with("busy");
    Batch b;
    ASSERT_TRUE(score(b).ok());
    EXPECT_DOUBLE_EQ(b.scores[0], 3.0 / 8.0);
    EXPECT_EQ(host.row(name).failures, 1u);
    EXPECT_THAT(host.row(name).last_error, HasSubstr("score: DeadlineMissed: used "));
    EXPECT_EQ(host.row(name).recovered, false);
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(score(b).ok());
    EXPECT_EQ(score(b).error().reason, "BreakerOpen");
}

TEST_F(BadPlugins, AScorerThatComesBackLaterThanItsMillisecondButDidNotUseItIsNotLate) {
    start_with("late");
    Batch b;
    ASSERT_TRUE(score(b).ok());
    EXPECT_EQ(host.row(name).failures, 0u);
}

TEST_F(BadPlugins, Breaker_OpensAfterFiveFailures_AndHalfOpensByItself) {
    start_with("out_of_range");
    Batch b;
    for (int i = 0; i < 5; ++i) EXPECT_EQ(score(b).error().reason, "ScoreOutOfRange");
    const Status open = score(b);
    ASSERT_FALSE(open.ok());
    EXPECT_EQ(open.error().reason, "BreakerOpen");
    EXPECT_GT(open.error().retry_after_ms, 0u);
    EXPECT_EQ(state_name(host.row(name).state), "degraded");
    EXPECT_EQ(host.row(name).breaker, "open");
    host.clock.advance(31s);
    EXPECT_EQ(host.row(name).breaker, "half-open");
    EXPECT_EQ(score(b).error().reason, "ScoreOutOfRange");
    host.clock.advance(31s);
    EXPECT_EQ(score(b).error().reason, "BreakerOpen") << "the span doubles with every re-opening";
    ASSERT_TRUE(host.registry->reset(name).ok());
    EXPECT_EQ(score(b).error().reason, "ScoreOutOfRange");
}

TEST_F(BadPlugins, OneThatLeaksAThreadStopsAndStartsAgain) {
    start_with("leaks_thread");
    ASSERT_TRUE(host.registry->disable(name).ok());
    ASSERT_TRUE(host.registry->reload().ok());
    EXPECT_EQ(state_name(host.row(name).state), "running");
}

} // namespace
} // namespace rigger::host::test
