#include "domain/placement/best_pairs.hpp"

#include "domain/placement/block_mask.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <tuple>

namespace rigger::placement {
namespace {

constexpr double nothing = -std::numeric_limits<double>::infinity();
constexpr double largest = std::numeric_limits<double>::max();
constexpr size_t offers_per_chunk = 128;

} // namespace

BestPairs::BestPairs(size_t keep, const ScorerSet &scorers, ChunkExecutor &executor, std::vector<Workbench> &benches)
    : keep_(keep), scorers_(scorers), executor_(executor), benches_(benches) {}

void BestPairs::grow(const Board &board) {
    const size_t offers = board.market.size();
    const bool grown = lists_.size() < offers, relisted = listing_version_ != board.market.listing_version();
    if (!grown && !relisted) return;
    if (grown) {
        entries_.resize(offers * keep_);
        lists_.resize(offers, List{0, {nothing, {}, 0}});
        bound_values_.resize(offers, nothing);
        glances_.resize(offers);
        standings_.resize(offers, Standing{nothing, nothing, 0});
        leaves_ = std::bit_ceil(std::max<size_t>(offers, 2));
        winners_.assign(2 * leaves_, no_index);
    }
    listing_version_ = board.market.listing_version();
    for (OfferIndex offer = 0; offer < standings_.size(); ++offer) standings_[offer].rank = board.market.rank(offer);
    play_all();
}

Status BestPairs::score_all(const Board &board) {
    grow(board);
    row_candidates_.clear();
    for (OfferIndex offer = 0; offer < board.market.size(); ++offer) begin_list(board, offer);
    const std::vector<OfferIndex> open = open_offers(board.market);
    const size_t chunks = (open.size() + offers_per_chunk - 1) / offers_per_chunk;
    std::vector<Status> failures(chunks);
    const auto one_chunk = [&](size_t chunk, size_t worker) {
        const size_t first = chunk * offers_per_chunk;
        const std::span<const OfferIndex> mine(open.data() + first, std::min(offers_per_chunk, open.size() - first));
        failures[chunk] = score_offers(board, scorers_, mine, {}, benches_[worker],
                                       [&](const ScoredRows &rows) { scan(board, rows); });
        for (const OfferIndex offer : mine) end_list(board, offer);
    };
    if (scorers_.concurrent()) {
        executor_.run(chunks, one_chunk);
    } else {
        for (size_t chunk = 0; chunk < chunks; ++chunk) one_chunk(chunk, 0);
    }
    for (OfferIndex offer = 0; offer < board.market.size(); ++offer) enter(board, offer);
    play_all();
    for (const Status &failure : failures) RIG_TRY(failure);
    return {};
}

Status BestPairs::score_offer(const Board &board, OfferIndex offer) {
    grow(board);
    begin_list(board, offer);
    if (glances_[offer].open) {
        const OfferIndex one[]{offer};
        RIG_TRY(
            score_offers(board, scorers_, one, {}, benches_[0], [&](const ScoredRows &rows) { scan(board, rows); }));
        end_list(board, offer);
    }
    enter(board, offer);
    play(offer);
    return {};
}

bool BestPairs::admits(const Board &board, OfferIndex offer, RowIndex row) const {
    const Glance &glance = glances_[offer];
    if (!glance.open || !board.fleet.fits(board.market.demand(offer), row)) return false;
    if (!glance.particular) return true;
    const Workload &workload = board.market.at(offer);
    return !workload.is_here(board.fleet.server_of(row)) && !workload.failed_on(board.fleet.server(row).id);
}

Status BestPairs::score_rows(const Board &board, std::span<const RowIndex> rows) {
    grow(board);
    Workbench &bench = benches_[0];
    row_candidates_.resize(board.fleet.segments().size());
    for (const RowIndex row : rows) {
        // Scored are those too that do not fit for want of anything but GPUs: few enter a list, and only they are
        // asked.
        const WorkloadBatch &offers = row_candidates_[board.fleet.segment_of(row)].of_row(
            board.fleet, board.market, row, scorers_.workload_needs());
        if (offers.size() == 0) continue;
        const RowIndex one[]{row};
        const CandidateTable &table =
            bench.row_copy.copy(board.fleet, one, scorers_.candidate_needs(), ++bench.next_table_id);
        if (bench.result.size() < offers.size()) bench.result.resize(offers.size());
        RIG_TRY(scorers_.score(table, offers, board.market, board.preference_share,
                               {1, bench.result.data(), nullptr, nullptr}, bench.scratch));
        changed_.clear();
        for (size_t w = 0; w < offers.size(); ++w) {
            const OfferIndex offer = offers.offer(w);
            const double value = bench.result[w];
            if (!(value >= bound_values_[offer] && value >= board.min_value && value <= largest)) continue;
            if (value == bound_values_[offer] && !before(board, value, row, lists_[offer].bound)) continue;
            if (!admits(board, offer, row)) continue;
            insert(board, offer, value, row);
            if (list(offer)->value != standings_[offer].value) changed_.push_back(offer);
        }
        for (const OfferIndex offer : changed_) enter(board, offer);
        if (changed_.size() * 8 > standings_.size()) {
            play_all();
        } else {
            for (const OfferIndex offer : changed_) play(offer);
        }
    }
    return {};
}

void BestPairs::set_bound(OfferIndex offer, const Bound &bound) {
    lists_[offer].bound = bound;
    bound_values_[offer] = bound.value;
}

void BestPairs::begin_list(const Board &board, OfferIndex offer) {
    lists_[offer].count = 0;
    set_bound(offer, {nothing, {}, 0});
    const Workload &workload = board.market.at(offer);
    Glance &glance = glances_[offer];
    glance.open = workload.gate() == Rejection::none;
    glance.particular = !workload.here.empty() || !workload.marks.on_server.empty();
    for (const uint32_t segment : workload.segments)
        if (segment < row_candidates_.size()) row_candidates_[segment].update(board.market, offer);
}

void BestPairs::end_list(const Board &board, OfferIndex offer) {
    List &mine = lists_[offer];
    if (mine.count < keep_) return; // every pair is in the list
    const Entry &last = list(offer)[mine.count - 1];
    set_bound(offer, {last.value, board.fleet.key(last.row), last.row});
}

bool BestPairs::before(const Board &board, double value, RowIndex row, const Bound &bound) const {
    if (value != bound.value) return value > bound.value;
    return std::tie(board.fleet.key(row), row) < std::tie(bound.key, bound.row);
}

void BestPairs::scan(const Board &board, const ScoredRows &rows) {
    List &mine = lists_[rows.offer];
    Entry *const entries = list(rows.offer);
    const Segment &segment = *rows.segment;
    const auto offer_row = [&](RowIndex row, double value) {
        if (value > largest) return;
        if (mine.count == keep_) {
            const Entry &last = entries[keep_ - 1];
            if (value < last.value) return;
            if (value == last.value &&
                !(std::tie(board.fleet.key(row), row) < std::tie(board.fleet.key(last.row), last.row)))
                return;
        }
        uint32_t at = mine.count < keep_ ? mine.count++ : static_cast<uint32_t>(keep_) - 1;
        for (; at > 0; --at) {
            const Entry &other = entries[at - 1];
            if (other.value > value) break;
            if (other.value == value &&
                std::tie(board.fleet.key(other.row), other.row) < std::tie(board.fleet.key(row), row))
                break;
            entries[at] = other;
        }
        entries[at] = {value, row, board.fleet.version(row)};
    };
    if (!rows.picked.empty()) {
        for (size_t i = 0; i < rows.picked.size(); ++i)
            if (rows.result[i] >= board.min_value) offer_row(rows.picked[i], rows.result[i]);
        return;
    }
    const size_t words = round_up_rows(segment.used) / block_rows;
    for (size_t block = 0; block < words; ++block) {
        uint64_t word = rows.mask[block];
        if (word == 0) continue;
        const double *values = rows.result + block * block_rows;
        if (mine.count < keep_) {
            word &= at_least(values, board.min_value);
        } else if (const double last_value = entries[keep_ - 1].value; !any_at_least(values, last_value)) {
            continue;
        } else {
            const Entry &last = entries[keep_ - 1];
            // In a sorted segment a later row of equal value stands behind an earlier one.
            const bool ties_lose = segment.sorted && last.row - segment.begin < segment.used;
            word &= at_least(values, ties_lose ? std::nextafter(last.value, largest) : last.value);
        }
        for (; word != 0; word &= word - 1) {
            const auto j = static_cast<RowIndex>(std::countr_zero(word));
            offer_row(segment.begin + static_cast<RowIndex>(block * block_rows) + j, values[j]);
        }
    }
}

void BestPairs::insert(const Board &board, OfferIndex offer, double value, RowIndex row) {
    List &mine = lists_[offer];
    Entry *const entries = list(offer);
    const auto stale = [&](const Entry &entry) { return board.fleet.version(entry.row) != entry.version; };
    const auto key_before = [&](RowIndex a, RowIndex b) {
        return std::tie(board.fleet.key(a), a) < std::tie(board.fleet.key(b), b);
    };
    uint32_t at = 0;
    while (at < mine.count && entries[at].row != row) ++at; // an older entry of the row gives way to the new one
    if (at == mine.count && mine.count == keep_) {
        const Entry &last = entries[keep_ - 1];
        if (!stale(last)) {
            const Bound dropped{last.value, board.fleet.key(last.row), last.row};
            if (!before(board, value, row, dropped)) {
                // It stands before the bound but behind the whole list, which is full.
                set_bound(offer, {value, board.fleet.key(row), row});
                return;
            }
            set_bound(offer, dropped);
        }
        --at;
    } else if (at == mine.count) {
        ++mine.count;
    }
    // Stale entries keep no order among equals: they are passed in either direction.
    for (; at > 0; --at) {
        const Entry &other = entries[at - 1];
        if (other.value > value || (other.value == value && !stale(other) && key_before(other.row, row))) break;
        entries[at] = other;
    }
    for (; at + 1 < mine.count; ++at) {
        const Entry &other = entries[at + 1];
        if (other.value < value || (other.value == value && !stale(other) && key_before(row, other.row))) break;
        entries[at] = other;
    }
    entries[at] = {value, row, board.fleet.version(row)};
}

bool BestPairs::valid(const Board &board, OfferIndex offer, const Entry &entry) const {
    return board.fleet.version(entry.row) == entry.version && board.fleet.fits(board.market.demand(offer), entry.row);
}

void BestPairs::drop_first(OfferIndex offer) {
    List &mine = lists_[offer];
    std::move(list(offer) + 1, list(offer) + mine.count, list(offer));
    --mine.count;
}

void BestPairs::enter(const Board &board, OfferIndex offer) {
    const List &mine = lists_[offer];
    const double value = !glances_[offer].open ? nothing : mine.count > 0 ? list(offer)->value : mine.bound.value;
    standings_[offer] = {value, board.market.gain(offer), board.market.rank(offer)};
}

uint32_t BestPairs::better(uint32_t a, uint32_t b) const {
    if (a == no_index) return b;
    if (b == no_index) return a;
    const Standing &x = standings_[a], &y = standings_[b];
    if (x.value != y.value) return x.value > y.value ? a : b;
    if (x.gain != y.gain) return x.gain > y.gain ? a : b;
    return x.rank < y.rank ? a : b;
}

void BestPairs::play(OfferIndex offer) {
    for (size_t node = (leaves_ + offer) / 2; node >= 1; node /= 2)
        winners_[node] = better(winners_[2 * node], winners_[2 * node + 1]);
}

void BestPairs::play_all() {
    if (leaves_ == 0) return;
    for (size_t i = 0; i < leaves_; ++i)
        winners_[leaves_ + i] = i < standings_.size() ? static_cast<uint32_t>(i) : no_index;
    for (size_t node = leaves_ - 1; node >= 1; --node)
        winners_[node] = better(winners_[2 * node], winners_[2 * node + 1]);
}

Result<std::optional<Candidate>> BestPairs::best(const Board &board) {
    while (!standings_.empty()) {
        const OfferIndex offer = winners_[1];
        if (offer == no_index || standings_[offer].value == nothing) break;
        if (lists_[offer].count == 0) {
            RIG_TRY(score_offer(board, offer));
            continue;
        }
        const Entry first = *list(offer);
        const bool is_valid = valid(board, offer, first);
        // The standing may be that of an entry since gone: an upper limit, to be corrected before it counts.
        if (is_valid && standings_[offer].value == first.value)
            return std::optional<Candidate>({offer, first.row, first.value});
        if (!is_valid) drop_first(offer);
        enter(board, offer);
        play(offer);
    }
    return std::optional<Candidate>();
}

Result<std::optional<Candidate>> BestPairs::runner_up(const Board &board, const Candidate &winner) {
    const OfferIndex offer = winner.offer;
    const Standing standing = standings_[offer];
    standings_[offer].value = nothing;
    play(offer);
    auto other = best(board);
    standings_[offer] = standing;
    play(offer);
    if (!other.ok()) return other.error();

    RIG_TRY_ASSIGN(const std::vector<Candidate> mine, [&]() -> Result<std::vector<Candidate>> {
        const List &held = lists_[offer];
        std::vector<Candidate> found;
        for (uint32_t i = 1; i < held.count && found.empty(); ++i)
            if (valid(board, offer, list(offer)[i])) found.push_back({offer, list(offer)[i].row, list(offer)[i].value});
        // Only an unlisted pair that could win is worth looking for.
        if (found.empty() && held.bound.value != nothing && (!*other || held.bound.value >= (*other)->value)) {
            RIG_TRY_ASSIGN(const std::vector<Candidate> fresh, best_of(board, offer, 2));
            if (fresh.size() == 2) found.push_back(fresh[1]);
        }
        return found;
    }());
    if (mine.empty()) return other;
    if (!*other) return std::optional<Candidate>(mine[0]);
    const Candidate rival = **other;
    if (rival.value != mine[0].value) return std::optional<Candidate>(rival.value > mine[0].value ? rival : mine[0]);
    const Standing &ours = standings_[offer], &theirs = standings_[rival.offer];
    const bool we_win = ours.gain != theirs.gain ? ours.gain > theirs.gain : ours.rank < theirs.rank;
    return std::optional<Candidate>(we_win ? mine[0] : rival);
}

Result<std::vector<Candidate>> BestPairs::best_of(const Board &board, OfferIndex offer, size_t count) {
    count = std::min(count, keep_);
    std::vector<Candidate> found;
    for (int attempt = 0; attempt < 2; ++attempt) {
        found.clear();
        if (board.market.at(offer).gate() != Rejection::none) break;
        const List &mine = lists_[offer];
        for (uint32_t i = 0; i < mine.count && found.size() < count; ++i)
            if (valid(board, offer, list(offer)[i])) found.push_back({offer, list(offer)[i].row, list(offer)[i].value});
        if (found.size() == count || mine.bound.value == nothing) break;
        if (attempt == 0) RIG_TRY(score_offer(board, offer));
    }
    return found;
}

size_t BestPairs::kept_pairs() const {
    size_t sum = 0;
    for (const List &one : lists_) sum += one.count;
    return sum;
}

} // namespace rigger::placement
