// core/cli/render/table.hpp -- lays a table out for a terminal of any width.
//
// Too wide: ids shrink to a prefix that is unique in the table, then the columns that may be elided give way, then the
// columns of the least priority leave. Width 0 means unlimited: nothing is shortened (a pipe, a file, -o wide).
#pragma once
#include <string>
#include <vector>

namespace rigger::cli {

enum class Tone : unsigned char { plain, good, warn, bad };

struct Cell {
    std::string text; ///< printable
    Tone tone = Tone::plain;
};

struct TableColumn {
    std::string title;
    bool right = false; ///< aligned
    bool id = false;    ///< shrinks to a prefix
    bool elide = false; ///< may be shortened
    int priority = 1;   ///< 1 stays longest
};

struct TableStyle {
    size_t width = 0;
    bool headers = true;
    bool colour = false;
};

struct TableText {
    std::string text;                ///< lines, each ended by a newline, none with trailing blanks
    std::vector<std::string> hidden; ///< titles of the columns that left
};

TableText layout_table(const std::vector<TableColumn> &columns, const std::vector<std::vector<Cell>> &rows,
                       const TableStyle &style);

/// With or without ANSI colour.
std::string toned(const std::string &text, Tone tone, bool colour);

} // namespace rigger::cli
