// Characters that take two columns of the terminal: Chinese headings, and names that nobody foresaw.
#include "cli/render/table.hpp"
#include "cli/render/text_width.hpp"
#include "terminal.hpp"

#include <gtest/gtest.h>

namespace rigger::cli {
namespace {

std::vector<std::string> lines_of(const std::string &text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

/// What stands at the display column `at`; empty behind the end or within a wide character.
std::string at_column(const std::string &line, size_t at) {
    for (size_t length = 0; length <= line.size(); ++length)
        if (display_width(line.substr(0, length)) == at && (length == line.size() || (line[length] & 0xC0) != 0x80))
            return line.substr(length, 1);
    return {};
}

const std::vector<TableColumn> kColumns{{"部署", false, true, false, 2},
                                        {"服务器名称", false, false, true, 1},
                                        {"价值", true, false, false, 3},
                                        {"消息", false, false, true, 4}};
const std::vector<std::vector<Cell>> kRows{
    {{"3f2a91c0-1111"}, {"节点一号机"}, {"1.25"}, {"磁盘已满，请清理"}},
    {{"3f2a91c0-2222"}, {"gpu-01"}, {"12.5"}, {"ok"}},
    {{"77777777-3333"}, {"日本語のとても長い名前のサーバー"}, {"3"}, {"한국어 메시지입니다 아주 길어요"}},
    {{"88888888-4444"}, {"e\u0301te\u0301-👩‍🚀-节"}, {"100"}, {"-"}}};

TEST(WideCharacters, KeepColumnsInLineAtEveryWidth) {
    for (size_t width = 1; width <= 120; ++width) {
        const TableText table = layout_table(kColumns, kRows, {width, true, false});
        const auto lines = lines_of(table.text);
        ASSERT_EQ(lines.size(), kRows.size() + 1);
        for (const std::string &line : lines) EXPECT_LE(display_width(line), width) << line;
        if (table.hidden.size() > 2) continue; // one column has nothing to be in line with
        // Where the second column of this width begins by its heading, it begins in every row, behind two blanks.
        const size_t begins = lines[0].find("服");
        if (begins == std::string::npos || begins == 0) continue;
        const size_t column = display_width(lines[0].substr(0, begins));
        for (const std::string &line : lines) {
            EXPECT_EQ(at_column(line, column - 1), " ") << width << ": " << line;
            EXPECT_EQ(at_column(line, column - 2), " ") << width << ": " << line;
            EXPECT_NE(at_column(line, column), " ") << width << ": " << line;
        }
    }
}

TEST(WideCharacters, ARightAlignedColumnEndsInLine) {
    const auto lines = lines_of(layout_table(kColumns, kRows, {0, true, false}).text);
    const size_t ends = display_width(lines[0].substr(0, lines[0].find("消")));
    for (const std::string &line : lines) EXPECT_NE(at_column(line, ends - 3), " ") << line;
}

TEST(WideCharacters, AreNeverCutInHalf) {
    for (size_t width = 0; width <= 12; ++width) {
        const std::string cut = elide("节点一号机", width);
        EXPECT_LE(display_width(cut), width);
        EXPECT_EQ(cut.find("\xEF\xBF\xBD"), std::string::npos);
    }
    EXPECT_EQ(elide("节点一号机", 5), "节点…");
    EXPECT_EQ(elide("节点一号机", 4), "节…");
}

} // namespace
} // namespace rigger::cli
