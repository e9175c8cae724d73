// core/domain/placement/explain.hpp -- every rule that refuses one pair, with the figures; and which placement of a
// plan took a pair's room.
#pragma once
#include "domain/placement/live_board.hpp"
#include "domain/placement/planner.hpp"

#include <optional>
#include <vector>

namespace rigger::placement {

/// Every rule that refuses the offer on the server; empty: feasible as far as filters go. Of several GPU groups on the
/// server the one that comes nearest speaks.
std::vector<RejectionReason> rejections(const LiveBoard &live, OfferIndex offer, ServerIndex server, FilterMode mode);

/// The first rule alone by which automatic placement refuses this pair; none: feasible.
Rejection first_rejection(const Board &board, OfferIndex offer, RowIndex row);

/// The admissible group of the server that the offer fits, fewest free GPUs first; no_index: none fits.
RowIndex fitting_row(const Board &board, OfferIndex offer, ServerIndex server, const Demand &demand);

/// For each server: the step after which the offer no longer could be placed there; no value: none did. `board` is that
/// before the plan.
std::vector<std::optional<size_t>> taken_by(Board board, const std::vector<PlanStep> &steps, OfferIndex offer,
                                            const std::vector<ServerIndex> &servers);

} // namespace rigger::placement
