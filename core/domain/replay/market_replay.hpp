// core/domain/replay/market_replay.hpp -- a recorded market run through the planner in virtual time: what would these
// scorers have earned?
//
// At every look the market is brought up to the moment, what it ended is ended, and the planner fills what is free, as
// the daemon's loop does. The planner gets a snapshot of that moment and nothing else: the tape's later steps are
// reachable from no scorer.
#pragma once
#include "domain/failure_memory.hpp"
#include "domain/placement/engine.hpp"
#include "domain/replay/market_tape.hpp"

#include <functional>
#include <string>
#include <vector>

namespace rigger::replay {

struct MarketReplaySettings {
    placement::PlacementRules rules;
    double look_every_s = 60;  ///< virtual seconds between two looks at the market
    double plan_every_s = 300; ///< a plan is made at least this often, and whenever anything changed
    double startup_s = 120;    ///< from placement until a deployment is active and earns
    size_t starts_per_plan = 256;
    FailureSpans failures;
    /// 0..1, now and then. Returns false to stop.
    std::function<bool(double done)> progress;
};

struct MarketPoint {
    double at_s = 0, value_per_hour = 0, busy = 0; ///< busy: share of the GPUs that are held
};

struct MarketResult {
    double hours = 0;
    double value = 0; ///< over the whole time, in the judge's unit without its "/USD"
    double gpu_hours = 0, busy_gpu_hours = 0, active_gpu_hours = 0; ///< of schedulable GPUs; held; held and earning
    size_t starts = 0, plans = 0;
    size_t ended = 0; ///< by the market: the offer went, became another version, or its instance was deleted
    size_t moves = 0; ///< starts of an offer on another server than where its last copy ended
    std::vector<MarketPoint> curve;
    std::vector<placement::ScorerFault> faults;
    double value_per_hour() const noexcept { return hours > 0 ? value / hours : 0; }
    double idle() const noexcept { return gpu_hours > 0 ? 1 - busy_gpu_hours / gpu_hours : 0; }
};

/// `judge`: the value scorers whose values count, the same for all contestants, whatever they themselves placed by. A
/// deployment that is active is worth its offer's value as the market is at that moment, the n-th copy at the value of
/// an n-th copy; per USD values times the server's price.
Result<MarketResult> replay_market(const MarketTape &tape, const std::vector<ServerPtr> &servers,
                                   const ClusterState &cluster, std::vector<placement::ScorerBinding> scorers,
                                   std::vector<placement::ScorerBinding> judge,
                                   const MarketReplaySettings &settings = {});

} // namespace rigger::replay
