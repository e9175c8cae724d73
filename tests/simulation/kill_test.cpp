// SIGKILL at every boundary of every scenario: after the restart and once all is quiet, nothing is lost, doubled,
// orphaned or held for nobody. One point again: RIGGER_SIM_AT=17 RIGGER_SIM_LAND=1 simulation_test
// --gtest_filter='*Kill*/Deploy'
#include "simulation/scenarios.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace rigger::sim {
namespace {

constexpr uint64_t kill_seed = 1;

std::optional<uint64_t> number(const char *variable) {
    const char *const text = std::getenv(variable);
    return text ? std::optional<uint64_t>(std::strtoull(text, nullptr, 10)) : std::nullopt;
}

[[maybe_unused]] std::ostream &operator<<(std::ostream &out, const Scenario &scenario) { return out << scenario.name; }

#if defined(RIGGER_SANITIZED)
constexpr uint64_t step = 7; ///< all of them take an hour there
#else
constexpr uint64_t step = 1;
#endif

struct Kill : testing::TestWithParam<Scenario> {};

TEST_P(Kill, AtEveryBoundary_LeavesNothingBehind) {
    const Scenario &scenario = GetParam();
    if (const auto at = number("RIGGER_SIM_AT")) {
        EXPECT_EQ(tell(scenario, kill_seed, Death{*at, number("RIGGER_SIM_LAND").value_or(0) != 0}), "");
        return;
    }
    uint64_t points = 0;
    ASSERT_EQ(tell(scenario, kill_seed, std::nullopt, &points), "") << "without any death";
    size_t bad = 0;
    for (uint64_t at = 1; at <= points && bad < 5; at += step)
        for (const bool land : {false, true})
            if (const std::string wrong = tell(scenario, kill_seed, Death{at, land}); !wrong.empty()) {
                ++bad;
                ADD_FAILURE() << "RIGGER_SIM_AT=" << at << " RIGGER_SIM_LAND=" << land << ": " << wrong;
            }
    RecordProperty("points", static_cast<int>(points * 2));
}

INSTANTIATE_TEST_SUITE_P(Scenarios, Kill, testing::ValuesIn(scenarios()),
                         [](const auto &scenario) { return std::string(scenario.param.name); });

/// Do the checks see anything at all? Let effects leave before their intents are durable: some death must be noticed.
TEST(Checks, NoticeEffectsThatLeaveBeforeTheyAreWritten) {
    const Scenario &deploy = scenarios().front();
    uint64_t points = 0;
    ASSERT_EQ(tell(deploy, kill_seed, std::nullopt, &points, true), "")
        << "the mistake alone harms nobody: it takes a death";
    size_t noticed = 0;
    for (uint64_t at = 1; at <= points; ++at)
        noticed += !tell(deploy, kill_seed, Death{at, true}, nullptr, true).empty();
    EXPECT_GT(noticed, 0u);
}

} // namespace
} // namespace rigger::sim
