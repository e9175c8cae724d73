// core/control/engine_planner.hpp -- the placement engine behind a lock, so that plans and views share its columns.
#pragma once
#include "control/planner.hpp"

#include <atomic>
#include <mutex>

namespace rigger {

class EnginePlanner final : public Planner {
public:
    /// `executor` outlives the planner; nullptr: the calling thread does the work.
    explicit EnginePlanner(placement::PlacementRules rules = {}, placement::ChunkExecutor *executor = nullptr);
    Result<placement::PlacementPlan> plan(const SnapshotPtr &snapshot) override;
    Result<placement::DefragPlan> defrag(const SnapshotPtr &snapshot, const placement::DefragBudget &budget) override;
    Result<placement::Placement> check_operator_deploy(const SnapshotPtr &snapshot, const OfferId &offer,
                                                       const ServerId &server) override;
    Result<placement::OfferRanking> rank_offers(const SnapshotPtr &snapshot,
                                                const placement::OfferQuery &query) override;
    Result<placement::PairRanking> rank_pairs(const SnapshotPtr &snapshot, const placement::PairQuery &query) override;
    Result<placement::WhyNot> why_not(const SnapshotPtr &snapshot, const OfferId &offer,
                                      const std::optional<ServerId> &server) override;
    Status set_scorers(std::vector<placement::ScorerBinding> scorers) override;
    void set_rules(placement::PlacementRules rules) override;
    double cost_floor() const override { return cost_floor_; }

private:
    std::mutex lock_;
    placement::PlacementEngine engine_;
    std::atomic<double> cost_floor_; ///< beside the lock
};

} // namespace rigger
