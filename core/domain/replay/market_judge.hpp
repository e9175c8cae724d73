// core/domain/replay/market_judge.hpp -- what running deployments are worth per hour, by value scorers that everybody
// is measured with.
#pragma once
#include "domain/placement/engine.hpp"
#include "domain/placement/live_board.hpp"

#include <vector>

namespace rigger::replay {

class MarketJudge {
public:
    /// Errors as PlacementEngine::set_scorers().
    static Result<MarketJudge> make(std::vector<placement::ScorerBinding> scorers);
    /// `market`: offers and servers without deployments. `active`: those that earn; copies of one offer count in the
    /// order they stand here. What has no value is worth 0.
    Result<double> worth_per_hour(const SnapshotPtr &market, const std::vector<DeploymentPtr> &active);

private:
    explicit MarketJudge(placement::ScorerSet scorers)
        : scorers_(std::move(scorers)), live_(std::make_unique<placement::LiveBoard>(placement::PlacementRules{})) {}
    placement::ScorerSet scorers_;
    std::unique_ptr<placement::LiveBoard> live_;
    placement::Workbench bench_;
};

} // namespace rigger::replay
