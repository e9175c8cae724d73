#include "domain/replay/market_judge.hpp"

#include "domain/placement/stock_of.hpp"

#include <cmath>
#include <map>

namespace rigger::replay {
using namespace placement;

Result<MarketJudge> MarketJudge::make(std::vector<ScorerBinding> scorers) {
    RIG_TRY_ASSIGN(ScorerSet set, ScorerSet::make(std::move(scorers)));
    return MarketJudge(std::move(set));
}

Result<double> MarketJudge::worth_per_hour(const SnapshotPtr &market, const std::vector<DeploymentPtr> &active) {
    RIG_TRY(live_->sync(market, scorers_, bench_.scratch));
    const Board &board = live_->board();
    std::map<OfferIndex, double> copies;
    double sum = 0;
    for (const DeploymentPtr &one : active) {
        const OfferIndex offer = board.market.find(one->offer);
        const ServerIndex server = board.fleet.find_server(one->server);
        if (offer == no_index || server == no_index) continue;
        const auto &segments = board.market.at(offer).segments;
        for (const RowIndex row : board.fleet.server_at(server).rows) {
            if (!std::binary_search(segments.begin(), segments.end(), board.fleet.segment_of(row))) continue;
            const RowIndex rows[]{row};
            const OfferIndex offers[]{offer};
            const CandidateTable &table =
                bench_.row_copy.copy(board.fleet, rows, scorers_.candidate_needs(), ++bench_.next_table_id);
            bench_.batch.gather(board.market, offers, scorers_.workload_needs());
            bench_.batch.add_copies(0, copies[offer]++);
            double value = 0;
            RIG_TRY(
                scorers_.score(table, bench_.batch, board.market, 0, {1, &value, nullptr, nullptr}, bench_.scratch));
            if (std::isfinite(value)) sum += scorers_.per_usd() ? value * cost_per_hour(board, offer, row) : value;
            break;
        }
    }
    return sum;
}

} // namespace rigger::replay
