#include "engine/http_server/uri.hpp"

#include <optional>

namespace rigger::http_server {
namespace {

int hex(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::optional<std::string> decode(std::string_view text, bool plus_is_blank) {
    std::string out;
    out.reserve(text.size());
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            if (text.size() - i < 3) return std::nullopt;
            const int high = hex(text[i + 1]), low = hex(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            out.push_back(static_cast<char>(high * 16 + low));
            i += 2;
        } else {
            out.push_back(plus_is_blank && text[i] == '+' ? ' ' : text[i]);
        }
    }
    if (!is_clean_text(out)) return std::nullopt;
    return out;
}

Error malformed() {
    return invalid(
        "MalformedUri",
        "the request path or query is malformed: check the percent escapes, use UTF-8, no control characters");
}

} // namespace

bool is_clean_text(std::string_view text) noexcept {
    for (size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        if (lead < 0x20 || lead == 0x7F) return false;
        const size_t length = lead < 0x80                   ? 1
                              : lead >= 0xC2 && lead < 0xE0 ? 2
                              : lead >= 0xE0 && lead < 0xF0 ? 3
                              : lead >= 0xF0 && lead < 0xF5 ? 4
                                                            : 0;
        if (length == 0 || text.size() - i < length) return false;
        uint32_t code = length == 1 ? lead : lead & (0xFFu >> (length + 1));
        for (size_t k = 1; k < length; ++k) {
            const auto next = static_cast<unsigned char>(text[i + k]);
            if ((next & 0xC0) != 0x80) return false;
            code = code << 6 | (next & 0x3Fu);
        }
        const bool too_long = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
        if (too_long || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000) || (code >= 0x80 && code < 0xA0))
            return false;
        i += length;
    }
    return true;
}

Result<Target> parse_target(std::string_view target) {
    if (target.empty() || target.front() != '/') return malformed();
    Target out;
    const size_t mark = target.find('?');
    std::string_view path = target.substr(1, mark == std::string_view::npos ? std::string_view::npos : mark - 1);
    while (!path.empty()) {
        const size_t slash = path.find('/');
        auto segment = decode(path.substr(0, slash), false);
        if (!segment) return malformed();
        out.segments.push_back(std::move(*segment));
        if (slash == std::string_view::npos) break;
        path.remove_prefix(slash + 1);
        if (path.empty()) out.segments.emplace_back(); // a trailing slash is another path
    }
    if (mark == std::string_view::npos) return out;
    std::string_view query = target.substr(mark + 1);
    while (!query.empty()) {
        const size_t end = query.find('&');
        const std::string_view pair = query.substr(0, end);
        query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
        if (pair.empty()) continue;
        const size_t equals = pair.find('=');
        auto key = decode(pair.substr(0, equals), true);
        auto value = decode(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1), true);
        if (!key || !value) return malformed();
        out.query.emplace_back(std::move(*key), std::move(*value));
    }
    return out;
}

} // namespace rigger::http_server
