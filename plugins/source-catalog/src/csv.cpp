#include "csv.hpp"

#include "text.hpp"

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

} // namespace

rig::Result<std::vector<CsvRow>> parse_csv(std::string_view text, std::string_view file,
                                           const std::vector<std::string> &header) {
    if (text.size() > largest_file) return refused(file, 0, "is larger than 256 MiB");
    if (const size_t zero = text.find('\0'); zero != std::string_view::npos)
        return refused(file, line_of(text, zero), "is not text: it holds a zero byte");
    if (!is_utf8(text)) return refused(file, 0, "is not UTF-8 text");
    if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);

    Parser parser(text, file);
    if (parser.at_end()) return refused(file, 1, "is empty; expected the header " + joined(header));
    auto first = parser.row();
    if (!first.ok()) return first.error();
    if (first->fields != header)
        return refused(file, 1, "has the header " + shown(joined(first->fields)) + "; expected " + joined(header));

    std::vector<CsvRow> rows;
    while (!parser.at_end()) {
        auto row = parser.row();
        if (!row.ok()) return row.error();
        if (row->fields.size() == 1 && row->fields[0].empty()) continue;
        if (row->fields.size() != header.size())
            return refused(file, row->line,
                           "has " + std::to_string(row->fields.size()) + " fields where " +
                               std::to_string(header.size()) + " are expected; is the line cut?");
        if (rows.size() >= most_items) return refused(file, row->line, "holds more than a million rows");
        rows.push_back(std::move(*row));
    }
    return rows;
}

} // namespace catalog
