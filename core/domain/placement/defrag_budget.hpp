// core/domain/placement/defrag_budget.hpp -- how many workloads an operator is ready to move.
#pragma once
#include "base/status.hpp"

#include <cstddef>
#include <string_view>

namespace rigger::placement {

/// So many moves, or a share of the workloads that may be moved.
struct DefragBudget {
    size_t moves = 0;
    double share = 0;                         ///< 0..1; counts when `moves` is 0
    size_t of(size_t movable) const noexcept; ///< moves allowed; a share is rounded down
};
/// "50" or "2%". Errors: "DefragBudget".
Result<DefragBudget> parse_defrag_budget(std::string_view text);

} // namespace rigger::placement
