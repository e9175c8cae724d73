// core/domain/placement/planner.hpp -- fills all free capacity, best pair first, on a copy of the board.
//
// Greedy: the best pair of all is placed, what it takes is accounted for, the offer's values become those of one copy
// more (and, where a scorer reads what is left on servers, the server's pairs are scored anew), until nothing fits.
// Ties between servers are broken by the snapshot's free GPUs, so that a server that has begun to fill is not left for
// its like.
#pragma once
#include "domain/placement/best_pairs.hpp"

#include <optional>
#include <vector>

namespace rigger::placement {

struct PlanStep {
    Candidate chosen;
    Taken taken;
    double base_value = 0, preference = 0, gain = 0;
    std::optional<Candidate> runner_up;
    bool retry_of_failed = false;
    bool exchanged = false; ///< not of the greedy plan: chosen because the plan as a whole earns more
};

struct PlanTools {
    const ScorerSet &scorers;
    ChunkExecutor &executor;
    std::vector<Workbench> &benches;

    /// A scorer failed since its faults were collected last.
    bool any_fault() const;
};

/// Result, base value and preference of one pair.
struct PairScore {
    double result = 0, base = 0, preference = 0;
};
Result<PairScore> score_pair(const Board &board, const ScorerSet &scorers, OfferIndex offer, RowIndex row,
                             Workbench &bench);

/// `pairs` are those of the board. `max_steps` 0: until nothing fits. Where nothing fits nothing is copied.
Result<std::vector<PlanStep>> plan_steps(const Board &board, BestPairs &pairs, size_t max_steps,
                                         const PlanTools &tools);

} // namespace rigger::placement
