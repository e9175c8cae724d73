#include "text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace catalog {

size_t line_of(std::string_view text, size_t offset) {
    const auto until = text.begin() + static_cast<std::ptrdiff_t>(std::min(offset, text.size()));
    return 1 + static_cast<size_t>(std::count(text.begin(), until, '\n'));
}

rig::Error refused(std::string_view file, size_t line, const std::string &what) {
    std::string message(file);
    if (line > 0) message += ":" + std::to_string(line);
    return {RIG_E_INVALID, "MarketFile", message + ": " + what, 0};
}

std::optional<double> parse_number(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
    return value;
}

std::string_view trimmed(std::string_view text) {
    const size_t from = text.find_first_not_of(" \t");
    if (from == std::string_view::npos) return {};
    return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

std::string shown(std::string_view text) {
    constexpr size_t most = 60;
    std::string out;
    for (const char c : text.substr(0, most)) out.push_back(c >= ' ' && c < 127 ? c : '?');
    if (text.size() > most) out += "...";
    return out;
}

bool is_utf8(std::string_view text) {
    for (size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const size_t length = lead < 0x80                   ? 1
                              : lead >= 0xC2 && lead < 0xE0 ? 2
                              : lead >= 0xE0 && lead < 0xF0 ? 3
                              : lead >= 0xF0 && lead < 0xF5 ? 4
                                                            : 0;
        if (length == 0 || i + length > text.size()) return false;
        for (size_t k = 1; k < length; ++k)
            if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
        i += length;
    }
    return true;
}

} // namespace catalog
