// core/control/planner.hpp -- what the control loop and its views ask of placement. EnginePlanner satisfies it; tests
// script it.
#pragma once
#include "domain/placement/engine.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace rigger {

/// Thread-safe. Never blocks on I/O; a plan may take tens of milliseconds. Every answer is computed from the given
/// snapshot alone. Answers and errors as in domain/placement/engine.hpp.
class Planner {
public:
    virtual ~Planner() = default;
    virtual Result<placement::PlacementPlan> plan(const SnapshotPtr &snapshot) = 0;
    virtual Result<placement::DefragPlan> defrag(const SnapshotPtr &snapshot,
                                                 const placement::DefragBudget &budget) = 0;
    virtual Result<placement::Placement> check_operator_deploy(const SnapshotPtr &snapshot, const OfferId &offer,
                                                               const ServerId &server) = 0;
    virtual Result<placement::OfferRanking> rank_offers(const SnapshotPtr &snapshot,
                                                        const placement::OfferQuery &query) = 0;
    virtual Result<placement::PairRanking> rank_pairs(const SnapshotPtr &snapshot,
                                                      const placement::PairQuery &query) = 0;
    virtual Result<placement::WhyNot> why_not(const SnapshotPtr &snapshot, const OfferId &offer,
                                              const std::optional<ServerId> &server) = 0;
    /// Replaces the scorers that take part, from the next call on.
    virtual Status set_scorers(std::vector<placement::ScorerBinding> scorers) = 0;
    virtual void set_rules(placement::PlacementRules rules) = 0;
    virtual double cost_floor() const = 0; ///< of the rules; waits for no plan
};

} // namespace rigger
