// Every deliberate fault is found, by the test that is meant to find it, with a text that names it.
#include "check_run.hpp"

#include <gtest/gtest.h>
#include <ostream>

namespace conformance {
namespace {

struct Fault {
    const char *name, *test, *result, *text;
    friend std::ostream &operator<<(std::ostream &out, const Fault &f) { return out << f.name; }
};

const Fault kFaults[] = {
    {"throws_create", "life-cycle.runs", "fail", "create() answered Internal (UncaughtException): thrown on purpose"},
    {"throws_check", "life-cycle.checked", "fail", "check() answered Internal (UncaughtException)"},
    {"throws_start", "life-cycle.runs", "fail", "start() answered Internal (UncaughtException)"},
    {"throws_stop", "life-cycle.runs", "fail", "stop() answered Internal (UncaughtException)"},
    {"throws_score", "life-cycle.exercised", "fail", "score() answered Internal (UncaughtException)"},
    {"throws_explain", "life-cycle.exercised", "fail", "explain() answered Internal (UncaughtException)"},
    {"escapes_create", "life-cycle.runs", "fail", "crossed the C border out of create()"},
    {"escapes_start", "life-cycle.runs", "fail", "crossed the C border out of start()"},
    {"escapes_score", "life-cycle.exercised", "fail", "crossed the C border out of score()"},
    {"exhausted_create", "life-cycle.runs", "fail", "create() answered Exhausted (OutOfMemory)"},
    {"exhausted_start", "life-cycle.runs", "fail", "start() answered Exhausted (OutOfMemory)"},
    {"exhausted_score", "life-cycle.exercised", "fail", "score() answered Exhausted (OutOfMemory)"},
    {"escapes_exhausted_create", "life-cycle.runs", "fail", "crossed the C border out of create()"},
    {"escapes_exhausted_start", "life-cycle.runs", "fail", "crossed the C border out of start()"},
    {"crashes_load", "file.loads", "crash", "SIGSEGV in dlopen()"},
    {"crashes_create", "life-cycle.runs", "crash", "SIGSEGV in create()"},
    {"crashes_start", "life-cycle.runs", "crash", "SIGSEGV in start()"},
    {"crashes_score", "life-cycle.exercised", "crash", "SIGSEGV in score()"},
    {"crashes_destroy", "life-cycle.runs", "crash", "SIGSEGV in destroy()"},
    {"hangs_load", "file.loads", "fail", "no return in dlopen() within 2 s"},
    {"hangs_create", "life-cycle.runs", "fail", "no return in create() within 2 s"},
    {"hangs_start", "life-cycle.runs", "fail", "no return in start() within 2 s"},
    {"hangs_stop", "life-cycle.runs", "fail", "no return in stop() within 2 s"},
    {"hangs_score", "life-cycle.exercised", "fail", "no return in score() within 2 s"},
    {"wrong_struct_size", "entry.descriptor", "fail", "too short: struct_size 16"},
    {"bad_magic", "entry.descriptor", "fail", "magic number"},
    {"wrong_major", "entry.descriptor", "fail", "for ABI 7"},
    {"newer_abi", "entry.descriptor", "fail", "needs ABI 1.99"},
    {"no_components", "entry.components", "fail", "lists no components"},
    {"unknown_kind", "entry.components", "fail", "unknown kind rig.time-machine/1"},
    {"wrong_component_size", "entry.components", "fail", "too short: struct_size 24"},
    {"needs_ungranted", "entry.needs", "fail", "rig.control/1, which plugin.yaml does not ask for"},
    {"null_instance", "life-cycle.runs", "fail", "gave no instance"},
    {"null_table", "life-cycle.exercised", "fail", "answered NULL"},
    {"short_table", "life-cycle.exercised", "fail", "too short: struct_size 16"},
    {"wrong_id", "entry.identity", "fail", "com.example.somebody-else"},
    {"wrong_note", "file.note", "fail", "com.example.bad.wrong-note 9.9.9"},
    {"no_note", "file.note", "fail", "no identity note"},
    {"two_exports", "file.exports", "fail", "a_second_export"},
    {"no_entry", "file.loads", "fail", "does not export rig_plugin_v1"},
    {"nan_scores", "scorer.speaks", "fail", "never has an opinion"},
    {"out_of_range", "scorer.range", "fail", "outside of its declared range [0, 1]"},
    {"infinite_scores", "scorer.range", "fail", "+infinity"},
    {"writes_past_row", "life-cycle.exercised", "fail", "behind the end of a row"},
    {"impure", "scorer.pure", "fail", "flagged PURE"},
    {"depends_on_batch", "scorer.batch-size", "fail", "this pair alone differ"},
    {"explain_disagrees", "scorer.explain", "fail", "explain() says 0.123"},
    {"late", "scorer.deadline", "fail", "it waits for something"},
    {"too_slow", "scorer.budget", "fail", "100,000"},
    {"leaks_thread", "life-cycle.threads-end", "fail", "1 thread(s) still run"},
    {"meddles_start", "life-cycle.surroundings", "fail", "it changed"},
    {"changes_environment", "life-cycle.surroundings", "fail", "the environment variable RIGGER_BAD"},
    {"leaks_memory", "life-cycle.no-growth", "fail", "bytes of memory"},
    {"leaks_file", "life-cycle.no-growth", "fail", "200 files stay open"},
    {"allocates_endlessly", "life-cycle.exercised", "fail", "Exhausted (OutOfMemory)"},
    {"exits", "life-cycle.exercised", "fail", "the process ended in score() with exit status 0"},
    {"hasty_reconciler", "reconciler.blind", "fail", "it calls its evidence definite"},
    {"forgetful_reconciler", "reconciler.stable-ids", "fail", "another id"},
    {"deaf_source", "source.cancel", "fail", "no return in watch()"},
    {"generous_source", "source.authenticate", "fail", "let in a request"},
    {"monolingual_frontend", "frontend.catalogue", "fail", "lacks English or Chinese"},
    {"brittle_state", "state.rubbish", "crash", "in load()"},
};

class BadPlugin : public ::testing::TestWithParam<Fault> {};

TEST_P(BadPlugin, IsNamedByTheTestThatIsMeantForIt) {
    const Fault &f = GetParam();
    const std::string file = bad_file(f.name, std::string(f.name) == "wrong_id" ? "com.example.bad.wrong-id" : "");
    const unsigned timeout =
        std::string(f.text).find("no return") != std::string::npos ? 2 : 20; // a hang is waited for
    const CheckRun run = check(quoted(file) + " --json --timeout " + std::to_string(timeout) + " --only " + f.test);
    EXPECT_EQ(run.exit_status, 1) << run.output;
    EXPECT_EQ(run.result(f.test), f.result) << run.output;
    EXPECT_NE(run.text(f.test).find(f.text), std::string::npos) << run.text(f.test);
}
INSTANTIATE_TEST_SUITE_P(Faults, BadPlugin, ::testing::ValuesIn(kFaults),
                         [](const auto &p) { return std::string(p.param.name); });

TEST(GoodPlugin, ThePluginWithoutAFault_PassesEverything) {
    const CheckRun run = check(quoted(bad_file("none")) + " --json");
    EXPECT_EQ(run.exit_status, 0) << run.output;
    EXPECT_EQ(run.report["counts"]["fail"], 0);
    EXPECT_EQ(run.report["counts"]["crash"], 0);
    EXPECT_GE(run.report["counts"]["pass"], 50);
}

TEST(GoodPlugin, AScorersTableMayEndBehindExplain) {
    const CheckRun run = check(quoted(bad_file("table_ends_early")) + " --json --only life-cycle.exercised,scorer");
    EXPECT_EQ(run.exit_status, 0) << run.output;
    EXPECT_EQ(run.result("scorer.range"), "pass") << run.output;
}

TEST(GoodPlugin, OneThatLogsInCreate_IsNotBlamedForTheKitsOwnMemory) {
    const CheckRun run = check(quoted(bad_file("talks")) + " --json --only errors.no-memory");
    EXPECT_EQ(run.result("errors.no-memory"), "pass") << run.output;
}

TEST(GoodPlugin, OneThatHandsOnWhatASinkAnswered_NeedsNoMessage) {
    const CheckRun run = check(quoted(bad_file("terse")) + " --json --only errors.sinks");
    EXPECT_EQ(run.result("errors.sinks"), "pass") << run.output;
}

TEST(CheckTool, HundredsOfExports_AreNotAllListed) {
    const CheckRun run = check(quoted(bad_file("many_exports")) + " --json --only file.exports");
    EXPECT_EQ(run.result("file.exports"), "fail") << run.output;
    EXPECT_LT(run.text("file.exports").size(), 700u) << run.text("file.exports");
    EXPECT_NE(run.text("file.exports").find("--variable=plugin_ldflags"), std::string::npos);
}

} // namespace
} // namespace conformance
