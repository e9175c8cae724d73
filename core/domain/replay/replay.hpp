// core/domain/replay/replay.hpp -- a trace run through the planner in virtual time: what would these scorers have made
// of it?
//
// The run owns the clock and the arrivals; placement is asked for one task at a time and told the mix of those that
// have come. Nothing about a later task is reachable from a scorer: neither its columns nor the mix hold it.
#pragma once
#include "domain/placement/defrag.hpp"
#include "domain/placement/online.hpp"
#include "domain/replay/trace.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace rigger::replay {

struct ReplaySettings {
    bool told_mix = false; ///< scorers know the mix of the whole list beforehand (what the published FGD assumes)
    placement::PlacementRules rules;
    /// At the end: plan moves within this budget, make them, and offer the tasks that were refused once more.
    std::optional<placement::DefragBudget> defrag;
    /// After every hundredth arrival or so. Returns false to stop.
    std::function<bool(size_t done, size_t of)> progress;
};

struct CurvePoint {
    double arrived = 0, allocated = 0; ///< GPU milli as shares of the capacity
};

struct ReplayMove {
    uint32_t task = 0;
    std::string from, to; ///< nodes
    double gain = 0;      ///< GPU milli that tasks of the mix can use and could not before
};
/// What moves at the end are worth. Shares are of the capacity.
struct DefragResult {
    size_t running = 0, budget = 0; ///< tasks; moves allowed
    std::vector<ReplayMove> moves;  ///< in the order in which they can be made
    double fragmentation = 0;       ///< after the moves
    size_t placed = 0;              ///< tasks refused before that fit after the moves
    double allocated = 0;           ///< when they are placed
};

struct ReplayResult {
    size_t arrivals = 0, placed = 0;
    int64_t capacity_milli = 0, arrived_milli = 0, allocated_milli = 0; ///< allocated: at the end
    double mean_allocated = 0; ///< online runs: share of the capacity, over the time from first to last arrival
    double fragmentation =
        0; ///< share of the capacity that is free at the end and that a task of the mix cannot use, on average
    std::map<std::string, size_t> failed; ///< tasks by the rule that refused them ("NotEnoughCpu", ...)
    std::vector<CurvePoint> curve;        ///< about 200 points
    std::vector<placement::ScorerFault> faults;
    std::optional<DefragResult> defrag;
    double allocated() const noexcept {
        return capacity_milli > 0 ? static_cast<double>(allocated_milli) / static_cast<double>(capacity_milli) : 0;
    }
};

/// Tasks in this order, nothing leaves. `market` is market_of(trace).
Result<ReplayResult> replay_saturation(const Trace &trace, const TraceMarket &market,
                                       const std::vector<uint32_t> &order,
                                       std::vector<placement::ScorerBinding> scorers,
                                       const ReplaySettings &settings = {});
/// Tasks arrive and leave by the trace's own times; one that fits nowhere at its arrival is skipped.
Result<ReplayResult> replay_online(const Trace &trace, const TraceMarket &market,
                                   std::vector<placement::ScorerBinding> scorers, const ReplaySettings &settings = {});

} // namespace rigger::replay
