// core/cli/replay/contest.hpp -- every contestant on every list with every seed, on all cores, and what came of it.
#pragma once
#include "cli/replay/scorer_house.hpp"
#include "domain/replay/replay.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace rigger::cli::replay {

struct NamedTrace {
    std::string name; ///< of the list
    rigger::replay::Trace trace;
};

struct ContestSettings {
    std::vector<uint64_t> seeds; ///< one run by the trace's times when `online`, whatever they are
    double load = 1.3;
    bool online = false;
    bool bound = false;                            ///< also how much could have been allocated at most; not `online`
    std::optional<placement::DefragBudget> defrag; ///< moves at the end of each run
    size_t workers = 1;
    std::function<void(double done)> progress; ///< 0..1; on any worker, never two at once
};

struct RunResult {
    uint64_t seed = 0;
    double seconds = 0; ///< of the wall clock
    rigger::replay::ReplayResult replay;
};
/// runs[list][contestant]: one result per seed, in their order.
struct ContestResult {
    std::vector<std::vector<std::vector<RunResult>>> runs;
    std::vector<std::vector<double>>
        bounds; ///< by list and seed: no choice of these tasks allocates a larger share; empty: not asked for
};

/// Errors: the first run that failed, with its list and contestant. The house has instances for `workers` workers.
Result<ContestResult> hold_contest(const std::vector<NamedTrace> &lists, const std::vector<Contestant> &contestants,
                                   const ScorerHouse &house, const ContestSettings &settings);

/// The figure that is compared: GPU milli allocated as a share of all, at the end or, online, over time.
double figure(const RunResult &run, bool online);
struct Spread {
    double mean = 0, deviation = 0, least = 0, most = 0; ///< deviation: of the sample
};
Spread spread(const std::vector<RunResult> &runs, bool online);

} // namespace rigger::cli::replay
