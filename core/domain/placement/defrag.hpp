// core/domain/placement/defrag.hpp -- which running workloads to move, and where to, so that more of what is free can
// be used.
//
// A plan of moves within a budget, for an operator to read; nothing here or elsewhere executes one unasked. Greedy: the
// move that gains most, again and again. A move's gain is what it takes off the fragmentation (fragmentation.hpp) of
// both servers, in GPU milli.
#pragma once
#include "domain/placement/defrag_budget.hpp"
#include "domain/placement/fragmentation.hpp"

#include <functional>
#include <vector>

namespace rigger::placement {

/// A running workload that may be moved.
struct Resident {
    OfferIndex offer = 0;
    Taken taken;
};
struct DefragMove {
    size_t resident = 0; ///< index into what was given; each is moved at most once
    Taken to;            ///< always on another server
    double gain = 0;     ///< GPU milli that the demand can use and could not before; always more than 0
};
struct DefragSteps {
    std::vector<DefragMove> moves; ///< in the order in which they can be made: there is room for each before its
                                   ///< workload stops where it was
    double lost_before = 0, lost_after = 0;
};

/// What is to be heeded beyond capacity.
struct DefragRules {
    bool one_copy_per_server = false;
    std::function<bool(OfferIndex, RowIndex)> may_stand; ///< asked of rows where the offer fits; absent: anywhere
};
/// Pure.
DefragSteps defragment(Fleet fleet, const Market &market, const Fragmentation &measure,
                       const std::vector<Resident> &residents, size_t most_moves, const DefragRules &rules = {});

} // namespace rigger::placement
