#include "cli/render/value.hpp"

#include "base/time.hpp"
#include "cli/render/text_width.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdio>

namespace rigger::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kNothing = "-";

std::string render_number(const Json &value, int decimals) {
    if (decimals < 0) return value.dump();
    char buffer[400]; // the longest double with 12 decimals has 322 characters
    std::snprintf(buffer, sizeof buffer, "%.*f", decimals, value.get<double>());
    return buffer;
}

/// A measured number for people: three significant digits, and never less than its whole part. `-o json` has them all.
std::string render_measure(double value) {
    char buffer[400];
    std::snprintf(buffer, sizeof buffer, std::abs(value) >= 100 ? "%.0f" : "%.3g", value);
    return buffer;
}

/// What the dotted key reaches; an array in the middle is reached through, element by element.
Json reach(const Json &item, std::string_view key) {
    const size_t dot = key.find('.');
    const std::string head(key.substr(0, dot));
    if (item.is_array()) {
        Json out = Json::array();
        for (const Json &element : item) out.push_back(reach(element, key));
        return out;
    }
    if (!item.is_object()) return nullptr;
    const auto found = item.find(head);
    if (found == item.end()) return nullptr;
    return dot == std::string_view::npos ? *found : reach(*found, key.substr(dot + 1));
}

std::string joined(const Json &list, const char *separator, const ValueStyle &style) {
    std::string out;
    for (const Json &one : list) {
        if (!out.empty()) out += separator;
        out += render_plain(one, style);
    }
    return out.empty() ? std::string(kNothing) : out;
}

} // namespace

std::string render_time(const std::string &text, const ValueStyle &style) {
    const auto time = parse_rfc3339(text);
    if (!time || !style.times) return printable(text);
    if (style.wide) {
        const std::string full = to_rfc3339(*time);
        return full.substr(0, 10) + " " + full.substr(11, 8) + "Z";
    }
    const std::tm then = style.times->local(static_cast<std::time_t>(time->ns / 1'000'000'000)),
                  now = style.times->local(style.times->now);
    char buffer[32];
    std::strftime(buffer, sizeof buffer, then.tm_year == now.tm_year ? "%m-%d %H:%M" : "%Y-%m-%d", &then);
    return buffer;
}

std::string render_plain(const Json &value, const ValueStyle &style) {
    switch (value.type()) {
    case Json::value_t::null:
    case Json::value_t::discarded: return std::string(kNothing);
    case Json::value_t::string: {
        const auto &text = value.get_ref<const std::string &>();
        if (text.empty()) return std::string(kNothing);
        const bool time = text.size() >= 20 && text[4] == '-' && text[10] == 'T' && text.back() == 'Z';
        return time ? render_time(text, style) : printable(text);
    }
    case Json::value_t::boolean:
        return std::string(value.get<bool>() ? Text{"yes", "是"}.in(style.language)
                                             : Text{"no", "否"}.in(style.language));
    case Json::value_t::array: return joined(value, ", ", style);
    case Json::value_t::object:
    case Json::value_t::binary:
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned: break;
    case Json::value_t::number_float: return render_measure(value.get<double>());
    }
    return printable(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

Cell render_value(const Json &item, const ColumnDeclaration &column, const ValueStyle &style) {
    const bool through = column.key.find('.') != std::string::npos;
    const Json reached = through ? reach(item, column.key) : Json();
    const auto direct = item.is_object() && !through ? item.find(column.key) : item.end();
    const Json &value = through ? reached : item.is_object() && direct != item.end() ? *direct : reached;
    Cell cell;
    if (value.is_number() && (column.type == ColumnType::number || column.decimals >= 0))
        cell.text = render_number(value, column.decimals);
    else if (value.is_string() && column.type == ColumnType::time)
        cell.text = render_time(value.get_ref<const std::string &>(), style);
    else if (value.is_array()) cell.text = joined(value, through ? "; " : ",", style);
    else cell.text = render_plain(value, style);
    const std::string raw = value.is_string()      ? value.get<std::string>()
                            : value.is_primitive() ? value.dump()
                                                   : std::string();
    if (const auto tone = column.tones.find(raw); tone != column.tones.end()) cell.tone = tone->second;
    return cell;
}

} // namespace rigger::cli
