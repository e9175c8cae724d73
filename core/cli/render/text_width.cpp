#include "cli/render/text_width.hpp"

#include <unigbrk.h>
#include <unilbrk.h>
#include <unistr.h>
#include <uniwidth.h>

#include <algorithm>
#include <vector>

namespace rigger::cli {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD"; // U+FFFD

const uint8_t *bytes(std::string_view text) { return reinterpret_cast<const uint8_t *>(text.data()); }

bool dangerous(ucs4_t c) {
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 || (c >= 0x200E && c <= 0x200F) ||
           (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

size_t cluster_width(std::string_view cluster) {
    const int width = u8_width(bytes(cluster), cluster.size(), "UTF-8");
    return width > 0 ? static_cast<size_t>(width) : 0;
}

/// The longest run of whole clusters from the front that is at most `width` wide.
std::string_view front(std::string_view text, size_t width) {
    const uint8_t *const begin = bytes(text), *const end = begin + text.size();
    const uint8_t *at = begin;
    size_t used = 0;
    while (at < end) {
        const uint8_t *next = u8_grapheme_next(at, end);
        if (!next || next <= at) break;
        const size_t w = cluster_width({reinterpret_cast<const char *>(at), static_cast<size_t>(next - at)});
        if (used + w > width) break;
        used += w;
        at = next;
    }
    return text.substr(0, static_cast<size_t>(at - begin));
}

} // namespace

std::string printable(std::string_view text) {
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
    if (plain) return std::string(text);
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        ucs4_t c = 0;
        const int length = u8_mbtoucr(&c, bytes(text), text.size());
        if (length <= 0) {
            out += kReplacement;
            text.remove_prefix(1);
            continue;
        }
        if (c == '\n' || c == '\t' || c == '\r') out += ' ';
        else if (dangerous(c)) out += kReplacement;
        else out += text.substr(0, static_cast<size_t>(length));
        text.remove_prefix(static_cast<size_t>(length));
    }
    return out;
}

size_t display_width(std::string_view text) noexcept {
    if (std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; })) return text.size();
    return cluster_width(text);
}

std::string prefix(std::string_view text, size_t width) { return std::string(front(text, width)); }

std::string elide(std::string_view text, size_t width) {
    if (display_width(text) <= width) return std::string(text);
    if (width == 0) return {};
    return std::string(front(text, width - 1)) + "…";
}

std::string pad_right(std::string text, size_t width) {
    const size_t used = display_width(text);
    if (used < width) text.append(width - used, ' ');
    return text;
}

std::string pad_left(std::string text, size_t width) {
    const size_t used = display_width(text);
    return used < width ? std::string(width - used, ' ') + text : text;
}

std::string wrap(std::string_view text, size_t width, size_t indent) {
    std::vector<char> breaks(text.size());
    const int columns = static_cast<int>(std::clamp<size_t>(width, 8, 10'000));
    u8_width_linebreaks(bytes(text), text.size(), columns, 0, 0, nullptr, "UTF-8", breaks.data());
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
        if (breaks[i] == UC_BREAK_POSSIBLE) {
            while (!out.empty() && out.back() == ' ') out.pop_back();
            out += '\n' + std::string(indent, ' ');
        }
        out += text[i];
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

} // namespace rigger::cli
