// core/domain/placement/standing_pairs.hpp -- the best pairs of a board that lives on: all are scored once, and from
// then on those alone that a change of the board touches.
#pragma once
#include "domain/placement/live_board.hpp"
#include "domain/placement/planner.hpp"

#include <optional>
#include <vector>

namespace rigger::placement {

/// Follows one LiveBoard. One call at a time.
class StandingPairs {
public:
    /// `kept` pairs per offer are remembered: the more, the rarer a list must be scored anew.
    explicit StandingPairs(size_t kept = 32) : kept_(kept) {}

    /// What LiveBoard::sync() answered. Each answer must be told, in order.
    void note(const LiveBoard::Change &change);
    /// The pairs as the board is now, at the cost of what was noted since the last call; all are scored anew where much
    /// changed, and where a scorer is not pure or failed the last time. Valid until the next call of either function;
    /// `tools` must outlive it. An error only when a fail_closed scorer failed.
    Result<BestPairs *> up_to_date(const Board &board, const PlanTools &tools);

private:
    bool is_full_pass_due(const Board &board, const ScorerSet &scorers) const;

    size_t kept_;
    std::optional<BestPairs> pairs_;
    bool all_ = true; ///< every pair is to be scored
    std::vector<OfferIndex> offers_;
    std::vector<RowIndex> rows_;
};

} // namespace rigger::placement
