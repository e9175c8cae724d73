#include "domain/placement/live_board.hpp"

#include "domain/placement/mix.hpp"

#include <numeric>

namespace rigger::placement {
namespace {

/// Above this share of servers touched, writing anew (sorted) is as cheap as mending.
constexpr size_t mend_below = 8;

} // namespace

void LiveBoard::set_rules(PlacementRules rules) {
    rules_ = std::move(rules);
    forget();
}

bool LiveBoard::count_mix(Board &board) {
    MixCount count;
    for (const OfferIndex offer : board.market.listing()) {
        const Requirements &needs = board.market.at(offer).offer->needs;
        count.add(needs, model_bits(board.fleet, needs));
    }
    auto now = count.mix();
    if (board.market.mix() && *board.market.mix() == *now) return false;
    board.market.set_mix(std::move(now));
    return true;
}

Status LiveBoard::rebuild(const ScorerSet &scorers, ScoreScratch &scratch) {
    Fleet fleet(*around_, rules_.disk_margin_gb, rules_.cost_floor, &table_ids_);
    Market market(*around_, fleet, rules_);
    std::vector<OfferIndex> all(market.size());
    std::iota(all.begin(), all.end(), OfferIndex{0});
    board_.reset();
    RIG_TRY(scorers.appraise(market, all, scratch));
    board_.emplace(Board{std::move(fleet), std::move(market), rules_.min_value, rules_.preference_share});
    return {};
}

Result<LiveBoard::Change> LiveBoard::sync(const SnapshotPtr &snapshot, const ScorerSet &scorers,
                                          ScoreScratch &scratch) {
    Change change;
    Touched touched;
    if (!around_) around_.emplace(snapshot);
    else touched = around_->follow(snapshot);
    if (board_ && touched.servers.size() * mend_below <= board_->fleet.server_count() + mend_below &&
        board_->fleet.refresh(*around_, touched.servers, change.rows)) {
        board_->market.refresh(*around_, board_->fleet, rules_, touched.offers, change.offers);
        if (const Status status = scorers.appraise(board_->market, change.offers, scratch); !status.ok()) {
            forget();
            return status.error();
        }
        if (scorers.reads_mix() && !change.offers.empty()) change.mix = count_mix(*board_);
        return change;
    }
    RIG_TRY(rebuild(scorers, scratch));
    if (scorers.reads_mix()) count_mix(*board_);
    return Change{true, false, {}, {}};
}

} // namespace rigger::placement
