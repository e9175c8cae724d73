// core/domain/placement/live_board.hpp -- the board of the latest snapshot, brought from one snapshot to the next at
// the cost of what differs.
#pragma once
#include "domain/placement/pair_pass.hpp"
#include "domain/placement/surroundings.hpp"

#include <optional>
#include <vector>

namespace rigger::placement {

class LiveBoard {
public:
    explicit LiveBoard(PlacementRules rules) : rules_(std::move(rules)) {}

    struct Change {
        bool rebuilt = false; ///< every index is new; otherwise only what is named here changed:
        bool mix = false;     ///< scorers that read the mix score every pair anew
        std::vector<OfferIndex> offers;
        std::vector<RowIndex> rows;
    };
    /// Precondition of all else. An error only when a fail_closed scorer failed to appraise; then the board is empty
    /// again.
    Result<Change> sync(const SnapshotPtr &snapshot, const ScorerSet &scorers, ScoreScratch &scratch);
    void set_rules(PlacementRules rules);
    void forget() { board_.reset(); } ///< the next sync() builds anew

    const PlacementRules &rules() const noexcept { return rules_; }
    const Board &board() const { return *board_; }
    const Surroundings &around() const { return *around_; }

private:
    /// Tells the market what its offers ask for, each counted once. True: that changed.
    static bool count_mix(Board &board);
    Status rebuild(const ScorerSet &scorers, ScoreScratch &scratch);

    PlacementRules rules_;
    uint64_t table_ids_ = 0;
    std::optional<Surroundings> around_;
    std::optional<Board> board_;
};

} // namespace rigger::placement
