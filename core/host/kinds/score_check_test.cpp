#include "host/kinds/score_check.hpp"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <vector>

namespace rigger::host {
namespace {
constexpr double inf = std::numeric_limits<double>::infinity();
const double nan_value = std::nan("");

TEST(ScoreCheck, FindsEveryKindOfScoreAtEveryPosition) {
    for (size_t n = 1; n < 40; ++n)
        for (size_t at = 0; at < n; ++at)
            for (const auto &[value, outside, vetoes] :
                 {std::tuple{0.5, 0, 0}, {nan_value, 0, 0}, {-inf, 0, 1}, {inf, 1, 0}, {1.5, 1, 0}, {-0.5, 1, 0}}) {
                std::vector<double> from(n, 0.25), to(n, 9);
                from[at] = value;
                const auto found = copy_row(to.data(), from.data(), n, 0, 1);
                EXPECT_EQ(found.out_of_range, static_cast<uint64_t>(outside)) << value;
                EXPECT_EQ(found.vetoes, static_cast<uint64_t>(vetoes)) << value;
                EXPECT_TRUE(to[at] == value || std::isnan(value));
                const std::vector<uint32_t> select{static_cast<uint32_t>(at)};
                EXPECT_EQ(copy_selected(to.data(), from.data(), select.data(), 1, 0, 1).out_of_range,
                          static_cast<uint64_t>(outside));
            }
}

TEST(ScoreCheck, GuardsTellOfEveryWriteBehindARow) {
    std::vector<double> row(16);
    preset_row(row.data(), 5, 16);
    for (size_t i = 0; i < 5; ++i) EXPECT_TRUE(std::isnan(row[i]));
    EXPECT_TRUE(guards_intact(row.data(), 5, 16));
    for (size_t at = 5; at < 16; ++at) {
        auto spoiled = row;
        spoiled[at] = nan_value; // not our NaN
        EXPECT_FALSE(guards_intact(spoiled.data(), 5, 16)) << at;
    }
}

TEST(ScoreCheck, AVetoWithoutGrantBecomesAnAbstention) {
    std::vector<double> row{1, -inf, 2};
    veto_to_abstain(row.data(), 3);
    EXPECT_EQ(row[0], 1);
    EXPECT_TRUE(std::isnan(row[1]));
}

} // namespace
} // namespace rigger::host
