// core/domain/placement/better_plan.hpp -- the plan in two stages, and how far from the best it can be.
//
// Stage one is the greedy plan of planner.hpp. Stage two exchanges placements while the plan's earnings per hour grow:
// value (per USD) x price per GPU-hour x GPUs, summed. It needs values in units per USD from pure scorers, earnings
// that do not depend on the server, and no preference scorers, which it would overrule; where any of that is missing
// the plan is the greedy one, without a bound, and says why.
#pragma once
#include "domain/placement/planner.hpp"
#include "domain/placement/rules.hpp"

#include <optional>
#include <string>
#include <vector>

namespace rigger::placement {

struct PlanOutcome {
    std::vector<PlanStep> steps;
    std::optional<WorthPerHour> per_hour;
    std::string unbounded; ///< why per_hour is absent
};

/// `pairs` are those of the board. Errors: as plan_steps().
Result<PlanOutcome> best_plan(const Board &board, BestPairs &pairs, const PlacementRules &rules,
                              const PlanTools &tools);

} // namespace rigger::placement
