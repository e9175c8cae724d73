#include <chutes/version.hpp>

#include <gtest/gtest.h>

namespace chutes {
namespace {

struct Case {
    const char *text;
    Version expected;
};

TEST(Version, Parse_CountsTheLeadingThreeNumbers_AndNothingElse) {
    const Case cases[] = {{"0.3.31", {0, 3, 31}},    {"0.3.31.rc1", {0, 3, 31}},  {"0.3.31-rc1", {0, 3, 31}},
                          {"0.3.31rc1", {0, 3, 31}}, {"0.3.61.dev4", {0, 3, 61}}, {"1.4.0", {1, 4, 0}},
                          {"10.20.30", {10, 20, 30}}};
    for (const Case &c : cases) EXPECT_EQ(Version::parse(c.text), c.expected) << c.text;
}

TEST(Version, Parse_TakesMalformedTextForZero) {
    for (const char *text : {"", "x", "1", "1.2", "1.2.", "1..2", ".1.2", "v0.3.0", "-1.2.3",
                             "4facc5be-2aaf-5747-a6d6-16489dd4decc", "99999999999.1.1"})
        EXPECT_EQ(Version::parse(text), Version()) << text;
}

TEST(Version, Compare_OrdersNumbersNotText) {
    EXPECT_LT(Version::parse("0.3.9"), Version::parse("0.3.31"));
    EXPECT_LT(Version::parse("0.3.60"), since::fetches_own_code);
    EXPECT_GE(Version::parse("0.3.61"), since::fetches_own_code);
    EXPECT_GE(Version::parse("1.0.0"), since::attestation);
}

} // namespace
} // namespace chutes
