// core/cli/render/text_width.hpp -- how many terminal columns a text takes, and cutting it to fit. CJK and combining
// marks count right.
#pragma once
#include <string>
#include <string_view>

namespace rigger::cli {

/// Fit for a terminal: malformed UTF-8, control and direction-changing characters become U+FFFD, line breaks and tabs
/// blanks. What a market calls its offers must not move the cursor of an operator.
std::string printable(std::string_view text);

/// Of printable text.
size_t display_width(std::string_view text) noexcept;

/// At most `width` columns; what is cut off leaves "…" (an id leaves nothing, so that its prefix can be used). Cuts
/// between grapheme clusters.
std::string elide(std::string_view text, size_t width);
std::string prefix(std::string_view text, size_t width);

/// Exactly `width` columns, or more when the text is longer.
std::string pad_right(std::string text, size_t width);
std::string pad_left(std::string text, size_t width);

/// Breaks printable text where Unicode allows it, so that no line is wider than `width` if it can be; each line after
/// the first begins with `indent` more blanks.
std::string wrap(std::string_view text, size_t width, size_t indent);

} // namespace rigger::cli
