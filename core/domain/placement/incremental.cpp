#include "domain/placement/incremental.hpp"

#include <algorithm>

namespace rigger::placement {
namespace {

/// With more than one offer in this many changed, a full pass is as cheap.
constexpr size_t full_pass_from = 4;

} // namespace

Result<std::unique_ptr<IncrementalPlacement>> IncrementalPlacement::make(PlacementRules rules,
                                                                         std::vector<ScorerBinding> scorers,
                                                                         ChunkExecutor *executor, size_t kept) {
    RIG_TRY_ASSIGN(ScorerSet set, ScorerSet::make(std::move(scorers)));
    return std::unique_ptr<IncrementalPlacement>(
        new IncrementalPlacement(std::move(rules), std::move(set), executor, kept));
}

IncrementalPlacement::IncrementalPlacement(PlacementRules rules, ScorerSet scorers, ChunkExecutor *executor,
                                           size_t kept)
    : executor_(executor ? *executor : serial_), benches_(executor_.width()), scorers_(std::move(scorers)),
      live_(std::move(rules)), kept_(std::max<size_t>(kept, 1)) {
    for (size_t i = 0; i < benches_.size(); ++i) benches_[i].next_table_id = (i + 1) << 48;
}

Status IncrementalPlacement::full_pass() {
    pairs_.emplace(kept_, scorers_, executor_, benches_);
    if (Status status = pairs_->score_all(live_.board()); !status.ok()) {
        live_.forget();
        return status;
    }
    return {};
}

Status IncrementalPlacement::follow(const SnapshotPtr &snapshot) {
    RIG_TRY_ASSIGN(const LiveBoard::Change change, live_.sync(snapshot, scorers_, benches_[0].scratch));
    const Board &board = live_.board();
    if (change.rebuilt || change.mix || !scorers_.pure() ||
        change.offers.size() * full_pass_from > board.market.size() + full_pass_from)
        return full_pass();
    Status status = pairs_->score_rows(board, change.rows);
    for (size_t i = 0; i < change.offers.size() && status.ok(); ++i)
        status = pairs_->score_offer(board, change.offers[i]);
    if (!status.ok()) live_.forget();
    return status;
}

PairRef IncrementalPlacement::pair_ref(const Candidate &pair) const {
    const Board &board = live_.board();
    return {board.market.at(pair.offer).offer, board.fleet.server_at(board.fleet.server_of(pair.row)).server,
            pair.value};
}

Result<std::optional<PairRef>> IncrementalPlacement::best() {
    RIG_TRY_ASSIGN(const std::optional<Candidate> best, pairs_->best(live_.board()));
    if (!best) return std::optional<PairRef>();
    return std::optional<PairRef>(pair_ref(*best));
}

Result<std::vector<PairRef>> IncrementalPlacement::best_of(const OfferId &offer, size_t count) {
    const OfferIndex index = live_.board().market.find(offer);
    if (index == no_index) return not_found("UnknownOffer", "no offer '" + offer.str() + "' is known");
    RIG_TRY_ASSIGN(const std::vector<Candidate> found,
                   pairs_->best_of(live_.board(), index, std::min(count, reported_servers)));
    std::vector<PairRef> pairs;
    pairs.reserve(found.size());
    for (const Candidate &one : found) pairs.push_back(pair_ref(one));
    return pairs;
}

std::vector<ScorerFault> IncrementalPlacement::take_faults() {
    std::vector<ScorerFault> faults;
    for (Workbench &bench : benches_) ScorerSet::collect(bench.scratch, faults);
    return faults;
}

} // namespace rigger::placement
