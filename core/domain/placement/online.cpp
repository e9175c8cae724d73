#include "domain/placement/online.hpp"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

namespace rigger::placement {
namespace {

constexpr double no_score = -std::numeric_limits<double>::infinity();
/// With more than one row in this many changed, scoring whole segments is as cheap.
constexpr size_t look_again_from = 2;

} // namespace

OnlinePlacement::OnlinePlacement(std::unique_ptr<uint64_t> table_ids, Board board, ScorerSet scorers)
    : table_ids_(std::move(table_ids)), board_(std::move(board)), scorers_(std::move(scorers)) {
    bench_.next_table_id = uint64_t{1} << 48;
    kept_.resize(board_.market.size());
    looked_at_.resize(board_.fleet.row_capacity());
}

Result<std::unique_ptr<OnlinePlacement>> OnlinePlacement::make(const SnapshotPtr &snapshot, const PlacementRules &rules,
                                                               std::vector<ScorerBinding> scorers) {
    RIG_TRY_ASSIGN(ScorerSet set, ScorerSet::make(std::move(scorers)));
    const Surroundings around(snapshot);
    auto table_ids = std::make_unique<uint64_t>(0);
    Fleet fleet(around, rules.disk_margin_gb, rules.cost_floor, table_ids.get());
    Market market(around, fleet, rules);
    Board board{std::move(fleet), std::move(market), rules.min_value, rules.preference_share};
    return std::unique_ptr<OnlinePlacement>(
        new OnlinePlacement(std::move(table_ids), std::move(board), std::move(set)));
}

Result<std::optional<Spot>> OnlinePlacement::place(OfferIndex offer) {
    if (board_.market.at(offer).gate() != Rejection::none) return std::optional<Spot>();
    Kept &kept = kept_[offer];
    if (const Status status = bring_up_to_date(offer, kept); !status.ok()) {
        kept = {};
        return status.error();
    }
    const RowIndex row = best(offer, kept);
    if (row == no_index) return std::optional<Spot>();
    Spot spot{offer, kept.values[row], board_.fleet.take(board_.market.demand(offer), row)};
    changed(row);
    return std::optional<Spot>(std::move(spot));
}

void OnlinePlacement::release(const Spot &spot) {
    board_.fleet.release(board_.market.demand(spot.offer), spot.taken);
    changed(spot.taken.row);
}

void OnlinePlacement::relocate(Spot &spot, Taken to) {
    board_.fleet.hold(board_.market.demand(spot.offer), to);
    changed(to.row);
    release(spot);
    spot.taken = std::move(to);
}

void OnlinePlacement::changed(RowIndex row) {
    board_.fleet.outdate(row);
    for (const RowIndex one : board_.fleet.server_at(board_.fleet.server_of(row)).rows) changes_.push_back(one);
}

Status OnlinePlacement::bring_up_to_date(OfferIndex offer, Kept &kept) {
    const bool stale = kept.values.empty() || !scorers_.pure() ||
                       (scorers_.reads_mix() && kept.mix != board_.market.mix()) ||
                       (changes_.size() - kept.seen) * look_again_from > looked_at_.size();
    RIG_TRY(stale ? score_all(offer, kept) : score_changed(offer, kept));
    kept.seen = changes_.size();
    kept.mix = board_.market.mix();
    return {};
}

Status OnlinePlacement::score_all(OfferIndex offer, Kept &kept) {
    kept.values.assign(looked_at_.size(), no_score);
    PassOptions options;
    options.exclude_here = false;
    const OfferIndex one[]{offer};
    return score_offers(board_, scorers_, one, options, bench_, [&](const ScoredRows &rows) {
        rows.each([&](size_t i, RowIndex row) {
            kept.values[row] = rows.result[i] >= board_.min_value ? rows.result[i] : no_score;
        });
    });
}

Status OnlinePlacement::score_changed(OfferIndex offer, Kept &kept) {
    const auto &segments = board_.market.at(offer).segments;
    const Demand &demand = board_.market.demand(offer);
    ++looks_;
    bench_.picked.clear();
    for (size_t i = kept.seen; i < changes_.size(); ++i) {
        const RowIndex row = changes_[i];
        if (std::exchange(looked_at_[row], looks_) == looks_) continue;
        kept.values[row] = no_score;
        if (board_.fleet.fits(demand, row) &&
            std::binary_search(segments.begin(), segments.end(), board_.fleet.segment_of(row)))
            bench_.picked.push_back(row);
    }
    if (bench_.picked.empty()) return {};
    const OfferIndex one[]{offer};
    const CandidateTable &table =
        bench_.row_copy.copy(board_.fleet, bench_.picked, scorers_.candidate_needs(), ++bench_.next_table_id);
    bench_.batch.gather(board_.market, one, scorers_.workload_needs());
    const size_t stride = round_up_rows(table.rows);
    if (bench_.result.size() < stride) bench_.result.resize(stride);
    RIG_TRY(scorers_.score(table, bench_.batch, board_.market, board_.preference_share,
                           {stride, bench_.result.data(), nullptr, nullptr}, bench_.scratch));
    for (size_t i = 0; i < bench_.picked.size(); ++i)
        if (bench_.result[i] >= board_.min_value) kept.values[bench_.picked[i]] = bench_.result[i];
    return {};
}

RowIndex OnlinePlacement::best(OfferIndex offer, const Kept &kept) const {
    RowIndex best = no_index;
    double value = no_score;
    for (const uint32_t index : board_.market.at(offer).segments) {
        const Segment &segment = board_.fleet.segments()[index];
        for (RowIndex row = segment.begin; row < segment.begin + segment.used; ++row) {
            if (kept.values[row] < value || kept.values[row] == no_score) continue;
            if (kept.values[row] == value &&
                !(std::tie(board_.fleet.key(row), row) < std::tie(board_.fleet.key(best), best)))
                continue;
            best = row;
            value = kept.values[row];
        }
    }
    return best;
}

Rejection OnlinePlacement::refusal(OfferIndex offer) const {
    const Workload &workload = board_.market.at(offer);
    if (const Rejection gate = workload.gate(); gate != Rejection::none) return gate;
    const Demand &wanted = board_.market.demand(offer);
    if (workload.segments.empty()) return Rejection::gpu_model_mismatch;
    const auto fits_somewhere = [&](const Demand &demand) {
        std::vector<uint64_t> words(round_up_rows(board_.fleet.widest_segment()) / block_rows);
        for (const uint32_t index : workload.segments) {
            const Segment &segment = board_.fleet.segments()[index];
            board_.fleet.mask(demand, segment, words.data());
            const auto end = words.begin() + static_cast<std::ptrdiff_t>(round_up_rows(segment.used) / block_rows);
            if (std::any_of(words.begin(), end, [](uint64_t word) { return word != 0; })) return true;
        }
        return false;
    };
    Demand demand = wanted;
    demand.cpu_milli = demand.memory_mib = demand.disk_gb = 0;
    if (!fits_somewhere(demand)) return Rejection::not_enough_free_gpus;
    demand.cpu_milli = wanted.cpu_milli;
    if (!fits_somewhere(demand)) return Rejection::not_enough_cpu;
    demand.memory_mib = wanted.memory_mib;
    if (!fits_somewhere(demand)) return Rejection::not_enough_memory;
    return fits_somewhere(wanted) ? Rejection::no_value : Rejection::not_enough_disk;
}

std::vector<ScorerFault> OnlinePlacement::take_faults() {
    std::vector<ScorerFault> faults;
    ScorerSet::collect(bench_.scratch, faults);
    return faults;
}

} // namespace rigger::placement
