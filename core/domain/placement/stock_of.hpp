// core/domain/placement/stock_of.hpp -- a board as the stock that core/domain/optimum chooses from.
#pragma once
#include "domain/optimum/stock.hpp"
#include "domain/placement/planner.hpp"

#include <string>
#include <unordered_map>
#include <vector>

namespace rigger::placement {

struct BoardStock {
    optimum::Stock stock;
    std::vector<OfferIndex> offers; ///< of lots, in listing order
    std::vector<RowIndex> rows;     ///< of bins, by model, then in the order of equal values
    std::unordered_map<OfferIndex, uint32_t> lot_of;
    std::unordered_map<RowIndex, uint32_t> bin_of;
    std::string refusal; ///< why the board cannot be seen this way; empty: it can
};

/// USD per hour that a copy of the offer takes up on the row.
double cost_per_hour(const Board &board, OfferIndex offer, RowIndex row);

Result<BoardStock> stock_of(const Board &board, const PlanTools &tools);

} // namespace rigger::placement
