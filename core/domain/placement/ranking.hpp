// core/domain/placement/ranking.hpp -- the lists that operators read: offers by gain, pairs by value.
#pragma once
#include "domain/placement/live_board.hpp"
#include "domain/placement/planner.hpp"
#include "domain/placement/value_order.hpp"

namespace rigger::placement {

struct FoundPair {
    double value = 0, base = 0, preference = 0;
    OfferIndex offer = 0;
    RowIndex row = 0;
    Rejection blocked = Rejection::none;
};

/// What one ranking leaves for the next, so that an ordinary one asks the system for no memory beyond its answer.
struct RankingMemory {
    std::vector<FoundPair> found;
    ValueOrder order;

    static constexpr size_t most_kept = size_t{1} << 16;
    void trim(); ///< gives back what is more than an ordinary market needs
};

std::vector<RankedOffer> rank_offers(const Board &board, const OfferQuery &query);
/// Fills items and total.
Status rank_pairs(const Board &board, const PairQuery &query, const PlanTools &tools, RankingMemory &memory,
                  PairRanking &ranking);

} // namespace rigger::placement
