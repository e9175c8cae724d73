#include "text.hpp"

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
    for (const char *text :
         {"", " ", "1 ", " 1", "+1", "nan", "NaN", "inf", "-inf", "1e999", "0x10", "1,5", "12a", "--1"})
        EXPECT_EQ(parse_number(text), std::nullopt) << text;
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
    for (const char *good : {"", "abc", "\xC3\xA4", "\xE4\xB8\xAD", "\xF0\x9F\x98\x80"})
        EXPECT_TRUE(is_utf8(good)) << good;
    for (const char *bad : {"\xff", "\xC3", "\xC0\x80", "\xE4\xB8", "\x80"}) EXPECT_FALSE(is_utf8(bad)) << bad;
}

} // namespace
} // namespace catalog
