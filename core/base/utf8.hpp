// core/base/utf8.hpp -- UTF-8 texts that must become shorter.
#pragma once
#include <cstddef>
#include <string_view>

namespace rigger {

/// Length of the longest beginning of `text` that has at most `most` bytes and ends with a whole character.
inline size_t utf8_prefix(std::string_view text, size_t most) noexcept {
    if (text.size() <= most) return text.size();
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
    return most;
}

} // namespace rigger
