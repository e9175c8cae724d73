// core/cli/render/result.hpp -- a result document in the form that the operator asked for.
#pragma once
#include "cli/render/value.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rigger::cli {

enum class Format : unsigned char { table, wide, json, yaml, name };
std::optional<Format> format_of(std::string_view name) noexcept;

struct RenderStyle {
    Format format = Format::table;
    Language language = Language::english;
    size_t width = 0; ///< of the terminal; 0: not a terminal, nothing is shortened
    bool headers = true;
    bool colour = false;
    bool one_line = false; ///< JSON on one line: a stream of results
    TimeView times;
};

struct Rendered {
    std::string text;
    std::vector<std::string>
        notes; ///< for the operator, not for a pipe: warnings of the daemon, hidden columns, "nothing found"
    bool held_back = false; ///< part of a plan was not done
    bool problem = false;   ///< the result's verdict is not true
};

/// `document` is the daemon's answer as it came. Errors: internal ResultMalformed.
Result<Rendered> render_result(std::string_view document, const ResultDeclaration &shape, const RenderStyle &style);

} // namespace rigger::cli
