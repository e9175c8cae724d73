// core/domain/placement/defrag_plan.hpp -- defragment() for the deployments of a snapshot: who may move, under which
// rules, and what it is called.
#pragma once
#include "domain/placement/live_board.hpp"
#include "domain/placement/planner.hpp"

namespace rigger::placement {

/// The moves alone; `now` and `then` are left empty. Errors: "ScorerFailed".
Result<DefragPlan> plan_moves(const LiveBoard &live, const DefragBudget &budget, const PlanTools &tools);

/// The snapshot as it would be after these moves.
SnapshotPtr moved(const Snapshot &snapshot, const std::vector<Migration> &moves);

} // namespace rigger::placement
