#include "csv.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace catalog {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

rig::Result<std::vector<CsvRow>> table(const std::string &text) { return parse_csv(text, "m.csv", {"a", "b"}); }

TEST(Csv, ReadsPlainAndQuotedFields) {
    auto rows = table("a,b\n1,2\n\"x,y\",\"say \"\"hi\"\"\"\n");
    ASSERT_TRUE(rows.ok()) << rows.error().message;
    ASSERT_EQ(rows->size(), 2u);
    EXPECT_THAT((*rows)[0].fields, ElementsAre("1", "2"));
    EXPECT_THAT((*rows)[1].fields, ElementsAre("x,y", "say \"hi\""));
}

TEST(Csv, CountsLines_AlsoThroughQuotedBreaks) {
    auto rows = table("a,b\n\"1\n1\",2\n3,4\n");
    ASSERT_TRUE(rows.ok());
    EXPECT_EQ((*rows)[0].line, 2u);
    EXPECT_EQ((*rows)[1].line, 4u);
}

TEST(Csv, AcceptsWindowsLineEnds_AByteOrderMark_BlankLines_AndAMissingLastBreak) {
    auto rows = table("\xEF\xBB\xBF"
                      "a,b\r\n1,2\r\n\r\n3,4");
    ASSERT_TRUE(rows.ok()) << rows.error().message;
    EXPECT_EQ(rows->size(), 2u);
}

TEST(Csv, FindsColumnsByName_InAnyOrderAndCase_AmongOthers) {
    auto rows = table("note, B ,A\nx,2,1\n");
    ASSERT_TRUE(rows.ok()) << rows.error().message;
    EXPECT_THAT((*rows)[0].fields, ElementsAre("1", "2"));
}

struct BadText {
    const char *name;
    std::string text;
    const char *mentioned;
};

TEST(Csv, RefusesBadText_WithFileAndLine) {
    const BadText cases[] = {
        {"empty", "", "m.csv:1: is empty"},
        {"wrong header", "a,c\n",
         "m.csv:1: has no column b, but a,c; the first line must name a,b, separated by commas"},
        {"other separator", "a;b\n1;2\n", "m.csv:1: has no column a, but a;b"},
        {"ambiguous header", "a,b,A\n1,2,3\n", "m.csv:1: has the column a twice"},
        {"cut row", "a,b\n1,2\n3", "m.csv:3: has 1 fields"},
        {"long row", "a,b\n1,2,3\n", "m.csv:2: has 3 fields"},
        {"open quote", "a,b\n1,\"2\n3,4\n", "m.csv:2: a quote is not closed"},
        {"stray quote", "a,b\n1,2\"\n", "m.csv:2: a quote stands inside"},
        {"text behind quote", "a,b\n\"1\"x,2\n", "m.csv:2: text follows"},
        {"carriage return", "a,b\n1\r,2\n", "m.csv:2: a carriage return"},
        {"zero byte", std::string("a,b\n1,\0\n", 8), "m.csv:2: is not text"},
        {"latin-1", "a,b\n1,\xe4\n", "not UTF-8"},
        {"endless field", "a,b\n1," + std::string(70000, 'x') + "\n", "m.csv:2: a field is longer"},
        {"endless quoted field", "a,b\n1,\"" + std::string(70000, 'x'), "m.csv:2: a field is longer"}};
    for (const BadText &c : cases) {
        const auto rows = table(c.text);
        ASSERT_FALSE(rows.ok()) << c.name;
        EXPECT_EQ(rows.error().code, RIG_E_INVALID);
        EXPECT_THAT(rows.error().message, HasSubstr(c.mentioned)) << c.name;
    }
}

} // namespace
} // namespace catalog
