// core/domain/placement/online.hpp -- "place this one now": workloads come one by one, are placed at once on the best
// row, and may leave again.
//
// The filters, scorers and tie-breaks are those of a plan. Scores are kept per offer and row: an arrival scores only
// the rows that changed since the last arrival of its offer, as long as the scorers are pure and the mix is the same.
// Any number of copies of an offer may lie on one server.
#pragma once
#include "domain/placement/live_board.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace rigger::placement {

struct Spot {
    OfferIndex offer = 0;
    double value = 0;
    Taken taken; ///< hand it back to release()
};

/// One call at a time. Errors: "ScorerFailed" when a fail_closed scorer failed.
class OnlinePlacement {
public:
    /// Refuses scorers as PlacementEngine::set_scorers() does. Deployments of the snapshot are accounted for.
    static Result<std::unique_ptr<OnlinePlacement>> make(const SnapshotPtr &snapshot, const PlacementRules &rules,
                                                         std::vector<ScorerBinding> scorers);

    const Board &board() const noexcept { return board_; }
    /// What scorers are told of the demand from now on.
    void set_mix(std::shared_ptr<const WorkloadMix> mix) { board_.market.set_mix(std::move(mix)); }
    /// Takes room for one copy; nullopt: it fits nowhere.
    Result<std::optional<Spot>> place(OfferIndex offer);
    void release(const Spot &spot);
    /// Moves what holds the spot to these cards, which have the room.
    void relocate(Spot &spot, Taken to);
    /// The first rule by which no row takes the offer: GPU model, GPUs, CPU, memory or the rest; none: some row does.
    Rejection refusal(OfferIndex offer) const;
    std::vector<ScorerFault> take_faults();

private:
    struct Kept {
        std::vector<double> values; ///< by row; -infinity: not feasible, vetoed or without value
        size_t seen = 0;            ///< how much of changes_ they know
        std::shared_ptr<const WorkloadMix> mix;
    };

    OnlinePlacement(std::unique_ptr<uint64_t> table_ids, Board board, ScorerSet scorers);
    Status bring_up_to_date(OfferIndex offer, Kept &kept);
    Status score_all(OfferIndex offer, Kept &kept);
    Status score_changed(OfferIndex offer, Kept &kept);
    RowIndex best(OfferIndex offer, const Kept &kept) const; ///< no_index: none
    void changed(RowIndex row);

    std::unique_ptr<uint64_t> table_ids_; ///< of board_.fleet
    Board board_;
    ScorerSet scorers_;
    Workbench bench_;
    std::vector<Kept> kept_;          ///< by offer
    std::vector<RowIndex> changes_;   ///< every row that changed, in order
    std::vector<uint64_t> looked_at_; ///< by row: the last score_changed() that met it
    uint64_t looks_ = 0;
};

} // namespace rigger::placement
