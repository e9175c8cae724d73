// core/domain/placement/best_pairs.hpp -- each offer's best rows and, over all offers, the best pair; exact after any
// change at the cost of what the change touches.
//
// An offer's list holds its best pairs in order, and a bound: no pair outside of the list stands before the bound.
// Entries of rows that changed since are stale (their version differs) and drop out when they are met; a list that runs
// empty is scored anew, but only once the offer's bound says that it could hold the best pair. A tournament over the
// offers' first entries (or bounds) finds the best pair.
#pragma once
#include "domain/placement/pair_pass.hpp"
#include "domain/placement/row_candidates.hpp"

#include <optional>
#include <span>
#include <vector>

namespace rigger::placement {

struct Candidate {
    OfferIndex offer = 0;
    RowIndex row = 0;
    double value = 0;
};

class BestPairs {
public:
    struct Entry {
        double value = 0;
        RowIndex row = 0;
        uint32_t version = 0;
    };

    /// Keeps up to `keep` pairs per offer. `benches` has one workbench per worker of `executor`; both outlive this
    /// object.
    BestPairs(size_t keep, const ScorerSet &scorers, ChunkExecutor &executor, std::vector<Workbench> &benches);

    /// Scores every pair.
    Status score_all(const Board &board);
    /// Scores one offer's pairs anew: its own figures, copies or gate changed.
    Status score_offer(const Board &board, OfferIndex offer);
    /// Scores these rows for every offer: their columns, room or server changed (and so did their versions).
    Status score_rows(const Board &board, std::span<const RowIndex> rows);

    /// The best pair of all: value, gain, listing, row key. nullopt: nothing fits.
    Result<std::optional<Candidate>> best(const Board &board);
    /// The best pair that is not `winner`, which best() has just answered.
    Result<std::optional<Candidate>> runner_up(const Board &board, const Candidate &winner);
    /// The offer's best pairs, best first, as many as `count` (at most `keep`) if there are that many.
    Result<std::vector<Candidate>> best_of(const Board &board, OfferIndex offer, size_t count);
    size_t kept_pairs() const;

private:
    struct Bound {
        double value = 0; ///< -infinity: the list holds every pair
        RowKey key;
        RowIndex row = 0;
    };
    struct List {
        uint32_t count = 0;
        Bound bound;
    };

    void grow(const Board &board); ///< to the market's size and ranks
    bool admits(const Board &board, OfferIndex offer, RowIndex row) const;
    void begin_list(const Board &board, OfferIndex offer);
    void end_list(const Board &board, OfferIndex offer);
    void scan(const Board &board, const ScoredRows &rows);
    void insert(const Board &board, OfferIndex offer, double value, RowIndex row);
    void set_bound(OfferIndex offer, const Bound &bound);
    bool before(const Board &board, double value, RowIndex row, const Bound &bound) const;
    bool valid(const Board &board, OfferIndex offer, const Entry &entry) const;
    void drop_first(OfferIndex offer);
    void enter(const Board &board, OfferIndex offer); ///< the offer's standing in the tournament
    void play(OfferIndex offer);
    void play_all();
    uint32_t better(uint32_t a, uint32_t b) const;
    Entry *list(OfferIndex offer) { return entries_.data() + size_t{offer} * keep_; }

    /// What score_rows() asks of every offer, packed.
    struct Glance {
        bool open = false;       ///< no rule closes the offer
        bool particular = false; ///< some servers are closed to it
    };
    struct Standing {
        double value = 0, gain = 0; ///< value -infinity: out
        uint32_t rank = 0;
    };

    size_t keep_;
    const ScorerSet &scorers_;
    ChunkExecutor &executor_;
    std::vector<Workbench> &benches_;
    std::vector<Entry> entries_;
    std::vector<List> lists_;
    std::vector<double> bound_values_; ///< of the lists, side by side
    std::vector<Glance> glances_;
    std::vector<Standing> standings_;
    std::vector<uint32_t> winners_; ///< a binary tree; leaves are offers
    size_t leaves_ = 0;
    uint64_t listing_version_ = 0;
    std::vector<OfferIndex> changed_;
    std::vector<RowCandidates> row_candidates_; ///< by segment
};

} // namespace rigger::placement
