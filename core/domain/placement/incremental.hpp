// core/domain/placement/incremental.hpp -- the best next pair, kept up to date as the snapshot changes: what changed is
// scored, nothing else.
#pragma once
#include "domain/placement/best_pairs.hpp"
#include "domain/placement/engine.hpp"
#include "domain/placement/live_board.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace rigger::placement {

/// Follows a row of snapshots. One call at a time. A scorer that is not pure makes every follow() a full pass.
/// Errors: "ScorerFailed" when a fail_closed scorer failed; the next follow() starts with a full pass.
class IncrementalPlacement {
public:
    static constexpr size_t reported_servers = 16;

    /// `executor` nullptr: the calling thread. It must outlive this object. `kept` pairs per offer are remembered: the
    /// more beyond what is reported, the rarer a list must be scored anew. Refuses scorers as
    /// PlacementEngine::set_scorers() does.
    static Result<std::unique_ptr<IncrementalPlacement>> make(PlacementRules rules, std::vector<ScorerBinding> scorers,
                                                              ChunkExecutor *executor = nullptr,
                                                              size_t kept = 2 * reported_servers);

    /// The first snapshot, and one that differs in much, costs a full pass; otherwise the cost is that of the
    /// difference.
    Status follow(const SnapshotPtr &snapshot);
    /// What a plan would place first (but for the retry of what failed longest ago). nullopt: nothing fits.
    Result<std::optional<PairRef>> best();
    /// The offer's best pairs, best first; at most reported_servers, and no more than are kept.
    Result<std::vector<PairRef>> best_of(const OfferId &offer, size_t count = reported_servers);
    std::vector<ScorerFault> take_faults();

private:
    IncrementalPlacement(PlacementRules rules, ScorerSet scorers, ChunkExecutor *executor, size_t kept);
    Status full_pass();
    PairRef pair_ref(const Candidate &pair) const;

    SerialExecutor serial_;
    ChunkExecutor &executor_;
    std::vector<Workbench> benches_;
    ScorerSet scorers_;
    LiveBoard live_;
    size_t kept_;
    std::optional<BestPairs> pairs_;
};

} // namespace rigger::placement
