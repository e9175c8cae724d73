#include "control/engine_planner.hpp"

namespace rigger {

EnginePlanner::EnginePlanner(placement::PlacementRules rules, placement::ChunkExecutor *executor)
    : engine_(rules, executor), cost_floor_(rules.cost_floor) {}

Result<placement::PlacementPlan> EnginePlanner::plan(const SnapshotPtr &snapshot) {
    const std::lock_guard hold(lock_);
    return engine_.plan(snapshot);
}

Result<placement::DefragPlan> EnginePlanner::defrag(const SnapshotPtr &snapshot,
                                                    const placement::DefragBudget &budget) {
    const std::lock_guard hold(lock_);
    return engine_.defrag(snapshot, budget);
}

Result<placement::Placement> EnginePlanner::check_operator_deploy(const SnapshotPtr &snapshot, const OfferId &offer,
                                                                  const ServerId &server) {
    const std::lock_guard hold(lock_);
    return engine_.check_operator_deploy(snapshot, offer, server);
}

Result<placement::OfferRanking> EnginePlanner::rank_offers(const SnapshotPtr &snapshot,
                                                           const placement::OfferQuery &query) {
    const std::lock_guard hold(lock_);
    return engine_.rank_offers(snapshot, query);
}

Result<placement::PairRanking> EnginePlanner::rank_pairs(const SnapshotPtr &snapshot,
                                                         const placement::PairQuery &query) {
    const std::lock_guard hold(lock_);
    return engine_.rank_pairs(snapshot, query);
}

Result<placement::WhyNot> EnginePlanner::why_not(const SnapshotPtr &snapshot, const OfferId &offer,
                                                 const std::optional<ServerId> &server) {
    const std::lock_guard hold(lock_);
    return engine_.why_not(snapshot, offer, server);
}

Status EnginePlanner::set_scorers(std::vector<placement::ScorerBinding> scorers) {
    const std::lock_guard hold(lock_);
    return engine_.set_scorers(std::move(scorers));
}

void EnginePlanner::set_rules(placement::PlacementRules rules) {
    const std::lock_guard hold(lock_);
    cost_floor_ = rules.cost_floor;
    engine_.set_rules(std::move(rules));
}

} // namespace rigger
