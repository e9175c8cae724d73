#include "engine/metrics/text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace rigger::metrics {
namespace {
constexpr size_t longest_name = 256, longest_value = 1024;

bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool digit(char c) { return c >= '0' && c <= '9'; }

bool valid_label_name(std::string_view name) {
    return !name.empty() && name.size() <= longest_name && !name.starts_with("__") && name != "le" &&
           !digit(name.front()) && std::all_of(name.begin(), name.end(), [](char c) { return letter(c) || digit(c); });
}

void escape(std::string &out, std::string_view text, bool quotes) {
    for (const char c : text) {
        if (c == '\\') out += "\\\\";
        else if (c == '\n') out += "\\n";
        else if (c == '"' && quotes) out += "\\\"";
        else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) out += '?';
        else out += c;
    }
}

/// Number of bytes of the UTF-8 character at the beginning; 0: none.
size_t character(std::string_view s) {
    const auto first = static_cast<unsigned char>(s[0]);
    const size_t length = first < 0x80                    ? 1
                          : first >= 0xC2 && first < 0xE0 ? 2
                          : first >= 0xE0 && first < 0xF0 ? 3
                          : first >= 0xF0 && first < 0xF5 ? 4
                                                          : 0;
    if (length == 0 || length > s.size()) return 0;
    for (size_t i = 1; i < length; ++i)
        if ((static_cast<unsigned char>(s[i]) & 0xC0) != 0x80) return 0;
    return length;
}

/// One bad byte would make a scraper throw the whole page away.
std::string clean_utf8(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const size_t n = character(text);
        out += n == 0 ? std::string_view("?") : text.substr(0, n);
        text.remove_prefix(std::max<size_t>(n, 1));
    }
    return out;
}
} // namespace

bool valid_metric_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= longest_name && !digit(name.front()) &&
           std::all_of(name.begin(), name.end(), [](char c) { return letter(c) || digit(c) || c == ':'; });
}

std::optional<std::string> label_text(const Labels &labels) {
    Labels sorted = labels;
    std::sort(sorted.begin(), sorted.end());
    std::string out;
    for (size_t i = 0; i < sorted.size(); ++i) {
        const auto &[name, value] = sorted[i];
        if (!valid_label_name(name) || value.size() > longest_value || (i > 0 && sorted[i - 1].first == name))
            return std::nullopt;
        out += (i == 0 ? "" : ",") + name + "=\"";
        escape(out, clean_utf8(value), true);
        out += '"';
    }
    return out;
}

std::string escape_help(std::string_view help) {
    std::string out;
    escape(out, clean_utf8(help), false);
    return out;
}

std::string number(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    char text[32];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

} // namespace rigger::metrics
