#include "csv.hpp"

#include "text.hpp"

#include <algorithm>

namespace catalog {
namespace {

constexpr size_t largest_field = 64u << 10;

class Parser {
public:
    Parser(std::string_view text, std::string_view file) : text_(text), file_(file) {}

    bool at_end() const { return at_ >= text_.size(); }

    /// One row, line end included.
    rig::Result<CsvRow> row() {
        CsvRow row{line_, {}};
        for (;;) {
            auto field = at_ < text_.size() && text_[at_] == '"' ? quoted() : plain();
            if (!field.ok()) return field.error();
            row.fields.push_back(std::move(*field));
            if (at_ < text_.size() && text_[at_] == ',') {
                ++at_;
                continue;
            }
            if (at_ < text_.size() && text_[at_] == '\r') ++at_;
            if (at_ < text_.size()) {
                if (text_[at_] != '\n')
                    return refused(file_, line_, "a carriage return stands inside a field; quote the field");
                ++at_;
                ++line_;
            }
            return row;
        }
    }

private:
    rig::Result<std::string> plain() {
        const size_t from = at_;
        while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '\n' && text_[at_] != '\r') {
            if (text_[at_] == '"')
                return refused(file_, line_, "a quote stands inside an unquoted field; quote the whole field");
            ++at_;
        }
        if (at_ - from > largest_field) return refused(file_, line_, "a field is longer than 64 KiB");
        return std::string(text_.substr(from, at_ - from));
    }

    rig::Result<std::string> quoted() {
        const size_t opened = line_;
        std::string field;
        for (++at_; at_ < text_.size(); ++at_) {
            const char c = text_[at_];
            if (c == '"') {
                if (at_ + 1 >= text_.size() || text_[at_ + 1] != '"') {
                    ++at_;
                    const bool ends =
                        at_ >= text_.size() || text_[at_] == ',' || text_[at_] == '\n' || text_[at_] == '\r';
                    if (!ends) return refused(file_, line_, "text follows a closing quote");
                    return field;
                }
                ++at_;
            } else if (c == '\n') {
                ++line_;
            }
            field.push_back(c);
            if (field.size() > largest_field)
                return refused(file_, opened, "a field is longer than 64 KiB, or its closing quote is missing");
        }
        return refused(file_, opened, "a quote is not closed; is the file cut?");
    }

    std::string_view text_, file_;
    size_t at_ = 0, line_ = 1;
};

std::string joined(const std::vector<std::string> &fields) {
    std::string out;
    for (const std::string &f : fields) out += (out.empty() ? "" : ",") + f;
    return out;
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return out;
}

/// Where in a row each wanted column stands.
rig::Result<std::vector<size_t>> places_of(const std::vector<std::string> &columns, const CsvRow &header,
                                           std::string_view file) {
    std::vector<size_t> places;
    for (const std::string &column : columns) {
        std::vector<size_t> at;
        for (size_t i = 0; i < header.fields.size(); ++i)
            if (lower(trimmed(header.fields[i])) == column) at.push_back(i);
        if (at.size() > 1) return refused(file, header.line, "has the column " + column + " twice");
        if (at.empty())
            return refused(file, header.line,
                           "has no column " + column + ", but " + shown(joined(header.fields)) +
                               "; the first line must name " + joined(columns) + ", separated by commas, in any order");
        places.push_back(at.front());
    }
    return places;
}

} // namespace

rig::Result<std::vector<CsvRow>> parse_csv(std::string_view text, std::string_view file,
                                           const std::vector<std::string> &columns) {
    if (text.size() > largest_file) return refused(file, 0, "is larger than 256 MiB");
    if (const size_t zero = text.find('\0'); zero != std::string_view::npos)
        return refused(file, line_of(text, zero), "is not text: it holds a zero byte");
    if (!is_utf8(text)) return refused(file, 0, "is not UTF-8 text");
    if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);

    Parser parser(text, file);
    if (parser.at_end()) return refused(file, 1, "is empty; expected the header " + joined(columns));
    auto first = parser.row();
    if (!first.ok()) return first.error();
    const auto places = places_of(columns, *first, file);
    if (!places.ok()) return places.error();

    std::vector<CsvRow> rows;
    while (!parser.at_end()) {
        auto row = parser.row();
        if (!row.ok()) return row.error();
        if (row->fields.size() == 1 && row->fields[0].empty()) continue;
        if (row->fields.size() != first->fields.size())
            return refused(file, row->line,
                           "has " + std::to_string(row->fields.size()) + " fields where " +
                               std::to_string(first->fields.size()) + " are expected; is the line cut?");
        if (rows.size() >= most_items) return refused(file, row->line, "holds more than a million rows");
        CsvRow wanted{row->line, {}};
        for (const size_t place : *places) wanted.fields.push_back(std::move(row->fields[place]));
        rows.push_back(std::move(wanted));
    }
    return rows;
}

} // namespace catalog
