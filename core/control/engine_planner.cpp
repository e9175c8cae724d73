#include "control/engine_planner.hpp"

namespace rigger {
using namespace placement;

EnginePlanner::EnginePlanner(PlacementRules rules, ChunkExecutor *executor) : engine_(std::move(rules), executor) {}

Result<PlacementPlan> EnginePlanner::plan(const SnapshotPtr &snapshot) {
    const std::lock_guard hold(lock_);
    return engine_.plan(snapshot);
}

Result<DefragPlan> EnginePlanner::defrag(const SnapshotPtr &snapshot, const DefragBudget &budget) {
    const std::lock_guard hold(lock_);
    return engine_.defrag(snapshot, budget);
}

Result<Placement> EnginePlanner::check_operator_deploy(const SnapshotPtr &snapshot, const OfferId &offer, const ServerId &server) {
    const std::lock_guard hold(lock_);
    return engine_.check_operator_deploy(snapshot, offer, server);
}

Result<OfferRanking> EnginePlanner::rank_offers(const SnapshotPtr &snapshot, const OfferQuery &query) {
    const std::lock_guard hold(lock_);
    return engine_.rank_offers(snapshot, query);
}

Result<PairRanking> EnginePlanner::rank_pairs(const SnapshotPtr &snapshot, const PairQuery &query) {
    const std::lock_guard hold(lock_);
    return engine_.rank_pairs(snapshot, query);
}

Result<WhyNot> EnginePlanner::why_not(const SnapshotPtr &snapshot, const OfferId &offer, const std::optional<ServerId> &server) {
    const std::lock_guard hold(lock_);
    return engine_.why_not(snapshot, offer, server);
}

Status EnginePlanner::set_scorers(std::vector<ScorerBinding> scorers) {
    const std::lock_guard hold(lock_);
    return engine_.set_scorers(std::move(scorers));
}

void EnginePlanner::set_rules(PlacementRules rules) {
    const std::lock_guard hold(lock_);
    engine_.set_rules(std::move(rules));
}

} // namespace rigger
