// core/cli/render/value.hpp -- one value of a result as a table shows it.
#pragma once
#include "cli/declarations.hpp"

#include <nlohmann/json_fwd.hpp>

#include <ctime>
#include <functional>
#include <string>

namespace rigger::cli {

/// How times are shown: in the operator's zone, next to now.
struct TimeView {
    std::function<std::tm(std::time_t)> local; ///< never empty
    std::time_t now = 0;
};

struct ValueStyle {
    Language language = Language::english;
    bool wide = false; ///< times in full, in UTC
    const TimeView *times = nullptr;
};

/// null and what is missing: "-". Never fails; a value of another type than declared is shown as it is.
Cell render_value(const nlohmann::ordered_json &item, const ColumnDeclaration &column, const ValueStyle &style);

/// A value whose column is not declared.
std::string render_plain(const nlohmann::ordered_json &value, const ValueStyle &style);

/// "2026-01-02T03:04:05Z" -> "01-02 04:04" in the same year, "2025-01-02" in another one; in full when wide. As it is
/// when it is no time.
std::string render_time(const std::string &text, const ValueStyle &style);

} // namespace rigger::cli
