#include "domain/placement/defrag_budget.hpp"

#include <charconv>
#include <cmath>
#include <string>

namespace rigger::placement {

size_t DefragBudget::of(size_t movable) const noexcept {
    return moves > 0 ? moves : static_cast<size_t>(std::floor(share * static_cast<double>(movable) + 1e-9));
}

Result<DefragBudget> parse_defrag_budget(std::string_view text) {
    const bool share = text.ends_with('%');
    const std::string_view number = share ? text.substr(0, text.size() - 1) : text;
    double value = 0;
    const auto [end, failed] =
        std::from_chars(number.data(), number.data() + number.size(), value, std::chars_format::fixed);
    const bool whole = value == std::floor(value) && value <= 1e6;
    if (failed != std::errc() || end != number.data() + number.size() || !(value > 0) || (share ? value > 100 : !whole))
        return invalid("DefragBudget",
                       "'" + std::string(text) +
                           "' is no budget of moves: write how many (50), or a share of what runs (2%)");
    return share ? DefragBudget{0, value / 100} : DefragBudget{static_cast<size_t>(value), 0};
}

} // namespace rigger::placement
