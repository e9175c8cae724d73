#include <times/rfc3339.hpp>

#include <gtest/gtest.h>

namespace times {
namespace {

constexpr WallNs new_year_2026 = 1'767'225'600'000'000'000;

TEST(Rfc3339, Times_GoThereAndBack) {
    for (const WallNs at : {WallNs{0}, new_year_2026, new_year_2026 + 250'000'000})
        EXPECT_EQ(parse_rfc3339(to_rfc3339(at)), at) << to_rfc3339(at);
}

TEST(Rfc3339, WritesWholeSecondsWithoutAFraction) {
    EXPECT_EQ(to_rfc3339(new_year_2026), "2026-01-01T00:00:00Z");
    EXPECT_EQ(to_rfc3339(new_year_2026 + 5'000'000), "2026-01-01T00:00:00.005Z");
}

TEST(Rfc3339, ReadsEveryFormOfUtc) {
    for (const char *text :
         {"2026-01-01T00:00:00Z", "2026-01-01T00:00:00+00:00", "2026-01-01t00:00:00z", "2026-01-01T00:00:00.000000Z"})
        EXPECT_EQ(parse_rfc3339(text), new_year_2026) << text;
    EXPECT_EQ(parse_rfc3339("2026-01-01T00:00:00.123456789Z"), new_year_2026 + 123'456'789);
    EXPECT_EQ(parse_rfc3339("2026-01-01T00:00:00.1234567899Z"), new_year_2026 + 123'456'789);
}

TEST(Rfc3339, RefusesWhatIsNoTime) {
    for (const char *text :
         {"", "now", "2026-01-01", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
          "2026-01-32T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z",
          "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+02:00", "1969-01-01T00:00:00Z", "9999-01-01T00:00:00Z",
          "2026-01-01 00:00:00Z", "2026-1-1T0:0:0Z", "2026-01-01T00:00:00Zx", "-026-01-01T00:00:00Z"})
        EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
}

} // namespace
} // namespace times
