#include "text.hpp"

#include "records.hpp"

#include <gtest/gtest.h>

namespace catalog {
namespace {

TEST(Text, ParseNumber_TakesFiniteDecimals) {
    EXPECT_EQ(parse_number("12.5"), 12.5);
    EXPECT_EQ(parse_number("-3"), -3);
    EXPECT_EQ(parse_number("1e3"), 1000);
    EXPECT_EQ(parse_number("0"), 0);
}

TEST(Text, ParseNumber_RefusesEverythingElse) {
    for (const char *text : {"", " ", "1 ", " 1", "+1", "nan", "NaN", "inf", "-inf", "1e999", "0x10", "1,5", "12a", "--1"}) EXPECT_EQ(parse_number(text), std::nullopt) << text;
}

TEST(Text, LineOf_CountsFromOne) {
    EXPECT_EQ(line_of("a\nb\nc", 0), 1u);
    EXPECT_EQ(line_of("a\nb\nc", 2), 2u);
    EXPECT_EQ(line_of("a\nb\nc", 99), 3u);
}

TEST(Text, Shown_IsShortAndPrintable) {
    EXPECT_EQ(shown("a\x01\xff\n"), "a???");
    EXPECT_LT(shown(std::string(1000, 'x')).size(), 70u);
}

TEST(Text, IsUtf8_KnowsGoodFromBad) {
    for (const char *good : {"", "abc", "\xC3\xA4", "\xE4\xB8\xAD", "\xF0\x9F\x98\x80"}) EXPECT_TRUE(is_utf8(good)) << good;
    for (const char *bad : {"\xff", "\xC3", "\xC0\x80", "\xE4\xB8", "\x80"}) EXPECT_FALSE(is_utf8(bad)) << bad;
}

TEST(Text, Times_GoThereAndBack) {
    for (const WallNs at : {WallNs{0}, WallNs{1767225600'000'000'000}, WallNs{1767225600'250'000'000}}) EXPECT_EQ(parse_rfc3339(rfc3339(at)), at) << rfc3339(at);
    EXPECT_EQ(rfc3339(1767225600'000'000'000), "2026-01-01T00:00:00Z");
    EXPECT_EQ(parse_rfc3339("2026-01-01T00:00:00+00:00"), 1767225600'000'000'000);
}

TEST(Text, Times_ThatAreNone_AreRefused) {
    for (const char *text : {"", "now", "2026-01-01", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z", "2026-01-01T25:00:00Z", "2026-01-01T00:00:00+02:00", "1969-01-01T00:00:00Z"})
        EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
}

} // namespace
} // namespace catalog
