#include "cli/render/record.hpp"

#include "cli/render/text_width.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace rigger::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kDeepest = 6; ///< what lies deeper is shown as JSON

/// A list as every answer carries it, `{"items": [...]}`, is shown as the table that it holds.
const Json &unwrapped(const Json &value) {
    return value.is_object() && value.size() == 1 && value.contains("items") ? value["items"] : value;
}

bool is_table(const Json &value) {
    return value.is_array() && !value.empty() &&
           std::all_of(value.begin(), value.end(), [](const Json &one) { return one.is_object(); });
}

ValueStyle value_style(const RenderStyle &style) {
    return {style.language, style.format == Format::wide, &style.times};
}

/// As declared; else "lastErrors" -> "last errors", and what was written for machines as it is.
std::string label(const std::string &key, const Labels &labels) {
    if (const auto declared = labels.find(key); declared != labels.end()) return printable(declared->second);
    std::string words;
    for (const char c : printable(key)) {
        const bool capital = c >= 'A' && c <= 'Z';
        const bool ends = !words.empty() && ((words.back() >= 'a' && words.back() <= 'z') ||
                                             (words.back() >= '0' && words.back() <= '9'));
        if (capital && ends) words += ' ';
        words += capital ? static_cast<char>(c + 32) : c;
    }
    return words;
}

std::string indented(const std::string &lines, size_t indent) {
    std::string out;
    size_t at = 0;
    while (at < lines.size()) {
        const size_t end = std::min(lines.find('\n', at), lines.size());
        out += std::string(indent, ' ') + lines.substr(at, end - at) + "\n";
        at = end + 1;
    }
    return out;
}

/// A label at the head of a column, as the titles of declared lists are written: "LAST-ERROR"; Chinese as it is.
std::string column_title(std::string text) {
    const bool ascii = std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; });
    if (ascii)
        std::transform(text.begin(), text.end(), text.begin(), [](char c) {
            return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c == ' ' ? '-' : c;
        });
    return text;
}

std::string render_members(const Json &record, const Labels &labels, const RenderStyle &style, size_t indent,
                           size_t depth) {
    const std::string margin(indent, ' ');
    size_t widest = 0;
    for (const auto &[key, member] : record.items())
        if (const Json &value = unwrapped(member); !value.is_object() && !is_table(value))
            widest = std::max(widest, display_width(label(key, labels)));
    std::string out;
    for (const auto &[key, member] : record.items()) {
        const Json &value = unwrapped(member);
        const std::string name = label(key, labels);
        if (is_table(value)) {
            out += margin + name + "\n" + render_objects(value, labels, style, indent + 2);
        } else if (value.is_object() && !value.empty() && depth < kDeepest) {
            out += margin + name + "\n" + render_members(value, labels, style, indent + 2, depth + 1);
        } else {
            const std::string head = margin + pad_right(name, widest) + "  ";
            const std::string text =
                value.is_structured() && value.empty() ? "-" : render_plain(value, value_style(style));
            const size_t hang = display_width(head);
            out += head + (style.width > hang + 20 ? wrap(text, style.width - hang, hang) : text) + "\n";
        }
    }
    return out;
}

} // namespace

Labels labels_of(const ResultDeclaration &shape) {
    Labels labels;
    for (const ColumnDeclaration &column : shape.columns) labels.emplace(column.key, column.title);
    return labels;
}

std::string render_record(const Json &record, const Labels &labels, const RenderStyle &style) {
    if (!record.is_object()) return render_plain(record, value_style(style)) + "\n";
    return render_members(record, labels, style, 0, 0);
}

std::string render_objects(const Json &objects, const Labels &labels, const RenderStyle &style, size_t indent) {
    std::vector<std::string> keys;
    for (const Json &object : objects)
        for (const auto &[key, value] : object.items())
            if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
    std::vector<TableColumn> columns;
    for (const std::string &key : keys) {
        bool numbers = true, any = false;
        for (const Json &object : objects)
            if (const auto found = object.find(key); found != object.end() && !found->is_null()) {
                any = true;
                numbers = numbers && found->is_number();
            }
        columns.push_back(
            {column_title(label(key, labels)), numbers && any, false, !numbers, static_cast<int>(columns.size()) + 1});
    }
    std::vector<std::vector<Cell>> rows;
    for (const Json &object : objects) {
        std::vector<Cell> row;
        for (const std::string &key : keys)
            row.push_back({object.contains(key) ? render_plain(object[key], value_style(style)) : "-", Tone::plain});
        rows.push_back(std::move(row));
    }
    const size_t width = style.width == 0 || style.format == Format::wide
                             ? 0
                             : std::max<size_t>(style.width > indent ? style.width - indent : 0, 10);
    return indented(layout_table(columns, rows, {width, style.headers, style.colour}).text, indent);
}

} // namespace rigger::cli
