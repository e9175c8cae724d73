// core/domain/placement/engine.hpp -- the one door to placement: filter, score, combine, plan and explain over a
// snapshot.
#pragma once
#include "base/status.hpp"
#include "domain/placement/defrag_budget.hpp"
#include "domain/placement/executor.hpp"
#include "domain/placement/rejection.hpp"
#include "domain/placement/rules.hpp"
#include "domain/ports/placement_scorer.hpp"
#include "domain/snapshot.hpp"

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rigger::placement {

/// A scorer and the sources whose offers it speaks of. Of several value scorers the first that covers an offer's source
/// counts.
struct ScorerBinding {
    std::shared_ptr<PlacementScorer> scorer;
    std::vector<SourceName> sources; ///< empty: all
};

/// A scorer that failed during the call: it abstained (a fail_closed one stops the call with an error instead).
struct ScorerFault {
    std::string scorer;
    Error error;
    uint64_t calls = 0; ///< failed ones
};

struct OfferQuery {
    std::string gpu;  ///< exact model short ref among the admissible ones; empty: any
    bool all = false; ///< also list what the market's rules leave out, with its reason, after the others
};
struct RankedOffer {
    const Offer *offer = nullptr;
    double gain = std::numeric_limits<double>::quiet_NaN(); ///< the value scorer's appraisal; NaN: unknown
    Rejection skipped = Rejection::none;
};
/// Gain descending (unknown last), then (source, ordinal). Pointers live as long as `snapshot`.
struct OfferRanking {
    SnapshotPtr snapshot;
    std::vector<RankedOffer> items;
    std::vector<ScorerFault> faults;
};

struct PairQuery {
    std::string gpu;    ///< as in OfferQuery; the pairs' servers may have others of the offer's models
    std::string server; ///< substring of the server's name; empty: any
    std::optional<OfferId> offer;
    size_t limit = 0;            ///< 0: all
    bool placeable_only = false; ///< leave out what automatic placement would refuse
};
struct RankedPair {
    const Offer *offer = nullptr;
    const Server *server = nullptr;
    std::string_view model; ///< of the server's GPUs that the pair would use
    double value = 0;       ///< combined: base_value x (1 + share x preference)
    double base_value = 0;  ///< the value scorer's; 1 without one
    double preference = 0;  ///< 0..1
    double gain = std::numeric_limits<double>::quiet_NaN();
    int free_gpus = 0;
    Rejection blocked = Rejection::none; ///< the first rule by which automatic placement would refuse this pair
};
/// Every pair of an offer that the market admits and an unlocked server with enough free GPUs of an admissible model:
/// value desc, gain desc, (source, ordinal), hourly cost asc, free GPUs asc, server name. A server stands at most once
/// per offer. Pointers live as long as `snapshot`.
struct PairRanking {
    SnapshotPtr snapshot;
    std::vector<RankedPair> items;
    size_t total = 0; ///< before `limit`
    std::vector<ScorerFault> faults;
};

struct PairRef {
    OfferPtr offer;
    ServerPtr server;
    double value = 0;
};
/// "Run one more copy of this offer there, on these GPUs."
struct Placement {
    OfferPtr offer;
    ServerPtr server;
    std::string model;
    std::vector<GpuId> gpus; ///< sorted; for a share: the one card
    double value = 0, base_value = 0, preference = 0;
    double gain = std::numeric_limits<double>::quiet_NaN();
    bool retry_of_failed =
        false;              ///< every candidate was marked by the failure memory: this is the one deleted longest ago
    bool exchanged = false; ///< not the best pair of its moment: chosen because the plan as a whole earns more
    bool operator_wish = false;
    std::optional<PairRef> runner_up;         ///< the best other pair at that moment
    std::vector<std::string> reasons() const; ///< phrases, most important first
    std::string reason() const;               ///< the phrases in one line
};
/// What a plan earns: value (units per USD) x price per GPU-hour x GPUs, summed; in the value scorer's unit without its
/// "/USD", per hour.
struct WorthPerHour {
    double value = 0;      ///< of the plan
    double at_most = 0;    ///< no plan under the same rules earns more
    double best_first = 0; ///< of the greedy plan, before exchanges
    double gap() const noexcept { return at_most > 0 ? 1 - value / at_most : 0; } ///< 0..1
};
struct PlacementPlan {
    SnapshotPtr snapshot;
    std::vector<Placement> placements; ///< in the order of choice
    double value = 0;                  ///< sum over the placements
    std::optional<WorthPerHour> per_hour;
    std::string unbounded; ///< why per_hour is absent
    std::vector<ScorerFault> faults;
};

/// "Run this deployment there instead." There is room for it before it ends where it runs.
struct Migration {
    DeploymentPtr deployment;
    OfferPtr offer;
    ServerPtr from, to;
    std::string model;       ///< of the new GPUs
    std::vector<GpuId> gpus; ///< the new ones, sorted
    double gain = 0; ///< GPU milli, free on the two servers, that the market's offers can use and could not before
    std::string reason() const;
};
/// For an operator to read: nobody executes it. Movable: active, preemptible, no job, on a server that is not locked,
/// of an offer that could be claimed anew.
struct DefragPlan {
    std::vector<Migration> moves;           ///< in the order in which they can be made
    size_t movable = 0, budget = 0;         ///< deployments; moves allowed
    double lost_before = 0, lost_after = 0; ///< free GPU milli that the market's offers cannot use, on average
    PlacementPlan now, then;                ///< automatic placement as things are, and after the moves
};

enum class Verdict : uint8_t { feasible, rejected, placed };
std::string_view verdict_name(Verdict verdict) noexcept;
struct ServerVerdict {
    ServerPtr server;
    Verdict verdict = Verdict::rejected;
    std::vector<RejectionReason> reasons; ///< rejected: every rule that refuses the pair
    std::optional<double> value;          ///< of the pair, where it could be scored
    std::optional<PairRef>
        better; ///< feasible: the placement of the plan that took the room (or the offer's last copy) first
};
/// One verdict per server asked for, by server name; from the plan of the same snapshot.
struct WhyNot {
    OfferPtr offer;
    std::vector<ServerVerdict> servers;
    std::vector<ScorerFault> faults;
};

/// Pure: no clock, no I/O; the snapshot's taken_at is "now". Keeps the columns of the last snapshot, so asking twice
/// about one is cheap. One call at a time (it is no thread's property, but not to be shared). Equal snapshots give
/// equal answers, whatever the order of their parts. Errors: "ScorerFailed" (unavailable) when a fail_closed scorer
/// failed; "UnknownOffer", "UnknownServer" (not_found).
class PlacementEngine {
public:
    /// `executor` nullptr: the calling thread. It must outlive the engine.
    explicit PlacementEngine(PlacementRules rules = {}, ChunkExecutor *executor = nullptr);
    ~PlacementEngine();
    PlacementEngine(PlacementEngine &&) noexcept;
    PlacementEngine &operator=(PlacementEngine &&) noexcept;

    void set_rules(PlacementRules rules);
    const PlacementRules &rules() const noexcept;
    /// Refused ("UnknownColumn", "ColumnType") when a scorer requires a column that docs/plugins/columns.md does not
    /// have; then nothing changes.
    Status set_scorers(std::vector<ScorerBinding> scorers);

    Result<OfferRanking> rank_offers(const SnapshotPtr &snapshot, const OfferQuery &query = {});
    Result<PairRanking> rank_pairs(const SnapshotPtr &snapshot, const PairQuery &query = {});
    /// Fills all free capacity by value: after each placement the offer's values are those of one copy more. Then,
    /// within rules().improvement_steps, exchanges placements for what earns more per hour (better_plan.hpp).
    Result<PlacementPlan> plan(const SnapshotPtr &snapshot);
    /// Which deployments to move so that more of the free room can be used, and what automatic placement would do then.
    Result<DefragPlan> defrag(const SnapshotPtr &snapshot, const DefragBudget &budget);
    /// `server` absent: every server.
    Result<WhyNot> why_not(const SnapshotPtr &snapshot, const OfferId &offer,
                           const std::optional<ServerId> &server = std::nullopt);
    /// What an operator's deploy would do: the market's and the memory's rules do not count, the physical ones and bans
    /// do. "Infeasible" (conflict): the message lists the rules that refuse it.
    Result<Placement> check_operator_deploy(const SnapshotPtr &snapshot, const OfferId &offer, const ServerId &server);
    /// The rules that refuse an operator's deploy; empty: feasible. Errors as above, never "Infeasible".
    Result<std::vector<RejectionReason>> operator_rejections(const SnapshotPtr &snapshot, const OfferId &offer,
                                                             const ServerId &server);

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace rigger::placement
