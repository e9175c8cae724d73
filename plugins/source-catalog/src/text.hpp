// text.hpp -- positions and numbers in texts that people and programs write.
#pragma once
#include <rigger/sdk/status.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace catalog {

inline constexpr size_t largest_file = 256u << 20; ///< bytes
inline constexpr size_t most_items = 1'000'000;

/// 1-based line of a byte offset.
size_t line_of(std::string_view text, size_t offset);

/// "<file>:<line>: <what>"; line 0: no line is known. INVALID, reason "MarketFile".
rig::Error refused(std::string_view file, size_t line, const std::string &what);

/// The whole text as a finite decimal number. "nan", "inf", hexadecimal and blanks are none.
std::optional<double> parse_number(std::string_view text);

/// Without blanks at both ends.
std::string_view trimmed(std::string_view text);

/// Enough of `text` to recognise it in a message; control characters and broken UTF-8 become '?'.
std::string shown(std::string_view text);

bool is_utf8(std::string_view text);

} // namespace catalog
