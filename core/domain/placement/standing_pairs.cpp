#include "domain/placement/standing_pairs.hpp"

#include <algorithm>

namespace rigger::placement {
namespace {

/// With more than one offer in this many changed, scoring every pair costs no more.
constexpr size_t full_pass_from_offers = 4;
/// Likewise for rows, which are scored one by one.
constexpr size_t full_pass_from_rows = 16;

template <typename T> void append(std::vector<T> &to, const std::vector<T> &more) {
    to.insert(to.end(), more.begin(), more.end());
    std::sort(to.begin(), to.end());
    to.erase(std::unique(to.begin(), to.end()), to.end());
}

} // namespace

void StandingPairs::note(const LiveBoard::Change &change) {
    all_ = all_ || change.rebuilt || change.mix;
    if (all_) return;
    append(offers_, change.offers);
    append(rows_, change.rows);
}

bool StandingPairs::is_full_pass_due(const Board &board, const ScorerSet &scorers) const {
    return all_ || !scorers.pure() ||
           offers_.size() * full_pass_from_offers > board.market.size() + full_pass_from_offers ||
           rows_.size() * full_pass_from_rows > board.fleet.row_capacity() + full_pass_from_rows;
}

Result<BestPairs *> StandingPairs::up_to_date(const Board &board, const PlanTools &tools) {
    const bool full = is_full_pass_due(board, tools.scorers);
    all_ = true; // until this has succeeded
    if (full) {
        pairs_.emplace(kept_, tools.scorers, tools.executor, tools.benches);
        RIG_TRY(pairs_->score_all(board));
    } else {
        // The offers first: what a row is tried with is what they ask for now.
        for (const OfferIndex offer : offers_) RIG_TRY(pairs_->score_offer(board, offer));
        RIG_TRY(pairs_->score_rows(board, rows_));
    }
    offers_.clear();
    rows_.clear();
    all_ = tools.any_fault(); // a pair without a score for that reason alone has one next time
    return &*pairs_;
}

} // namespace rigger::placement
