#include "cli/render/table.hpp"

#include "cli/render/text_width.hpp"

#include <algorithm>
#include <numeric>
#include <set>

namespace rigger::cli {
namespace {

constexpr size_t kGap = 2; ///< blanks between columns
constexpr size_t kShortestId = 8;
constexpr size_t kShortestElided = 10;

using Rows = std::vector<std::vector<Cell>>;

size_t total(const std::vector<size_t> &widths, const std::vector<size_t> &shown) {
    size_t sum = shown.empty() ? 0 : kGap * (shown.size() - 1);
    for (const size_t c : shown) sum += widths[c];
    return sum;
}

/// The fewest characters that tell all different texts of the column apart.
size_t unique_prefix(const Rows &rows, size_t column, size_t longest) {
    std::set<std::string> whole;
    for (const auto &row : rows) whole.insert(row[column].text);
    for (size_t length = kShortestId; length < longest; ++length) {
        std::set<std::string> cut;
        for (const std::string &text : whole) cut.insert(prefix(text, length));
        if (cut.size() == whole.size()) return length;
    }
    return longest;
}

class Layout {
public:
    Layout(const std::vector<TableColumn> &columns, const Rows &rows, const TableStyle &style)
        : columns_(columns), rows_(rows), style_(style) {
        for (size_t c = 0; c < columns.size(); ++c) {
            size_t cells = 0;
            for (const auto &row : rows) cells = std::max(cells, display_width(row[c].text));
            const size_t title = style.headers ? display_width(columns[c].title) : 0;
            natural_.push_back(std::max(cells, title));
            size_t least = natural_.back();
            if (style.width != 0 && columns[c].id && cells > kShortestId)
                least = std::max(title, unique_prefix(rows, c, cells));
            else if (style.width != 0 && columns[c].elide) least = std::min(least, std::max(title, kShortestElided));
            least_.push_back(least);
        }
        shown_.resize(columns.size());
        std::iota(shown_.begin(), shown_.end(), size_t{0});
    }

    TableText run() {
        TableText out;
        widths_ = natural_;
        if (style_.width != 0 && total(natural_, shown_) > style_.width) squeeze(out.hidden);
        if (style_.headers) {
            std::vector<Cell> titles;
            for (const TableColumn &column : columns_) titles.push_back({column.title, Tone::plain});
            out.text += line(titles, true);
        }
        for (const auto &row : rows_) out.text += line(row, false);
        return out;
    }

private:
    void squeeze(std::vector<std::string> &hidden) {
        while (shown_.size() > 1 && total(least_, shown_) > style_.width) {
            const auto leaves = std::max_element(shown_.begin(), shown_.end(), [&](size_t a, size_t b) {
                return columns_[a].priority <= columns_[b].priority;
            });
            hidden.push_back(columns_[*leaves].title);
            shown_.erase(leaves);
        }
        if (shown_.size() == 1) least_[shown_[0]] = std::min(least_[shown_[0]], style_.width);
        // From everything at its least, share out what is left: evenly, until a column has all it wants; ids last,
        // whole or not at all.
        for (const size_t c : shown_) widths_[c] = least_[c];
        size_t left = style_.width - std::min(style_.width, total(widths_, shown_));
        for (bool grew = true; grew && left > 0;) {
            grew = false;
            for (const size_t c : shown_)
                if (left > 0 && !columns_[c].id && widths_[c] < natural_[c]) {
                    ++widths_[c];
                    --left;
                    grew = true;
                }
        }
        for (const size_t c : shown_)
            if (columns_[c].id && natural_[c] - widths_[c] <= left) {
                left -= natural_[c] - widths_[c];
                widths_[c] = natural_[c];
            }
    }

    std::string line(const std::vector<Cell> &cells, bool header) const {
        std::string out;
        for (size_t i = 0; i < shown_.size(); ++i) {
            const size_t c = shown_[i];
            const Cell &cell = cells[c];
            const bool last = i + 1 == shown_.size();
            std::string text = cell.text;
            if (display_width(text) > widths_[c])
                text = columns_[c].id && !header ? prefix(text, widths_[c]) : elide(text, widths_[c]);
            const std::string blanks(widths_[c] - std::min(widths_[c], display_width(text)), ' ');
            if (style_.colour) text = header ? "\x1b[1m" + text + "\x1b[0m" : toned(text, cell.tone, true);
            out += columns_[c].right ? blanks + text : text + (last ? "" : blanks);
            if (!last) out += std::string(kGap, ' ');
        }
        while (!out.empty() && out.back() == ' ') out.pop_back();
        return out + "\n";
    }

    const std::vector<TableColumn> &columns_;
    const Rows &rows_;
    const TableStyle &style_;
    std::vector<size_t> natural_, least_, widths_, shown_;
};

} // namespace

std::string toned(const std::string &text, Tone tone, bool colour) {
    if (!colour || tone == Tone::plain || text.empty()) return text;
    const char *const code = tone == Tone::good ? "32" : tone == Tone::warn ? "33" : "31";
    return "\x1b[" + std::string(code) + "m" + text + "\x1b[0m";
}

TableText layout_table(const std::vector<TableColumn> &columns, const Rows &rows, const TableStyle &style) {
    return Layout(columns, rows, style).run();
}

} // namespace rigger::cli
