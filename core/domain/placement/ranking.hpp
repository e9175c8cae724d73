// core/domain/placement/ranking.hpp -- the lists that operators read: offers by gain, pairs by value.
#pragma once
#include "domain/placement/live_board.hpp"
#include "domain/placement/planner.hpp"

namespace rigger::placement {

std::vector<RankedOffer> rank_offers(const Board &board, const OfferQuery &query);
/// Fills items and total.
Status rank_pairs(const Board &board, const PairQuery &query, const PlanTools &tools, PairRanking &ranking);

} // namespace rigger::placement
