#include "domain/placement/ranking.hpp"

#include "domain/placement/explain.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <tuple>

namespace rigger::placement {
namespace {

double shown_gain(double gain) { return std::isfinite(gain) ? gain : std::numeric_limits<double>::quiet_NaN(); }

bool admits(const Offer &offer, const std::string &gpu) {
    const auto &models = offer.needs.gpu_models;
    return gpu.empty() || std::find(models.begin(), models.end(), gpu) != models.end();
}

} // namespace

std::vector<RankedOffer> rank_offers(const Board &board, const OfferQuery &query) {
    std::vector<std::pair<RankedOffer, double>> ranked;
    std::vector<RankedOffer> skipped;
    for (const OfferIndex index : board.market.listing()) {
        const Workload &workload = board.market.at(index);
        if (!admits(*workload.offer, query.gpu)) continue;
        const RankedOffer item{workload.offer.get(), shown_gain(board.market.gain(index)), workload.market};
        if (workload.market == Rejection::none) ranked.emplace_back(item, board.market.gain(index));
        else if (query.all) skipped.push_back(item);
    }
    std::stable_sort(ranked.begin(), ranked.end(), [](const auto &a, const auto &b) { return a.second > b.second; });
    std::vector<RankedOffer> items;
    items.reserve(ranked.size() + skipped.size());
    for (const auto &[item, gain] : ranked) items.push_back(item);
    items.insert(items.end(), skipped.begin(), skipped.end());
    return items;
}

namespace {

/// What a listing shows of a row, looked up once for all offers.
struct ShownRow {
    const Server *server = nullptr; ///< nullptr: the query does not ask for it
    std::string_view model;         ///< as the server's own record spells it, so that it lives as long as the snapshot
    int free_gpus = 0;
};

std::vector<ShownRow> shown_rows(const Fleet &fleet, const PairQuery &query) {
    std::vector<ShownRow> shown(fleet.row_capacity());
    for (ServerIndex i = 0; i < fleet.server_count(); ++i) {
        const FleetServer &entry = fleet.server_at(i);
        if (!entry.server || entry.server->name.find(query.server) == std::string::npos) continue;
        for (const RowIndex row : entry.rows) {
            const std::string &model = entry.server->gpus[fleet.cards(row).front().position].model;
            shown[row] = {entry.server.get(), model, static_cast<int>(fleet.value(CandidateColumn::gpu_free, row))};
        }
    }
    return shown;
}

/// The offers asked for. Those of equal demand lie together, so that scorers get few, large tables.
std::vector<OfferIndex> listed_offers(const Market &market, const PairQuery &query) {
    std::vector<OfferIndex> offers;
    for (const OfferIndex index : market.listing()) {
        const Workload &workload = market.at(index);
        if (workload.market != Rejection::none || (query.offer && workload.offer->id != *query.offer) ||
            !admits(*workload.offer, query.gpu))
            continue;
        if (query.placeable_only && workload.gate() != Rejection::none) continue;
        offers.push_back(index);
    }
    const auto asks = [&](OfferIndex index) {
        const Requirements &needs = market.at(index).offer->needs;
        return std::pair(needs.gpu_count, needs.gpu_milli);
    };
    std::stable_sort(offers.begin(), offers.end(), [&](OfferIndex a, OfferIndex b) { return asks(a) < asks(b); });
    return offers;
}

constexpr size_t least_kept = 1024;

class PairLister {
public:
    PairLister(const Board &board, const PairQuery &query, RankingMemory &memory)
        : board_(board), query_(query), rows_(shown_rows(board.fleet, query)), several_groups_(several_groups()),
          keep_(several_groups_ || query.limit == 0 ? 0 : std::max(query.limit, least_kept)), found_(memory.found),
          order_(memory.order) {
        found_.clear();
        order_.clear();
    }

    void take(const ScoredRows &rows) {
        rows.each([&](size_t i, RowIndex row) { one(rows, i, row); });
    }

    void list(PairRanking &ranking) {
        if (several_groups_) keep_best_groups();
        for (const FoundPair &pair : found_) order_.add(pair.value);
        const std::span<ValueOrder::Item> order = order_.sorted();
        settle_ties(order);
        ranking.total = order.size() + dropped_;
        const size_t shown = query_.limit == 0 ? order.size() : std::min(query_.limit, order.size());
        ranking.items.reserve(shown);
        for (const ValueOrder::Item &item : order.first(shown)) {
            const FoundPair &pair = found_[item.index];
            const ShownRow &row = rows_[pair.row];
            ranking.items.push_back({board_.market.at(pair.offer).offer.get(), row.server, row.model, pair.value,
                                     pair.base, pair.preference, shown_gain(board_.market.gain(pair.offer)),
                                     row.free_gpus, pair.blocked});
        }
    }

private:
    void one(const ScoredRows &rows, size_t i, RowIndex row) {
        if (!rows_[row].server || !std::isfinite(rows.result[i])) return;
        const Rejection blocked = first_rejection(board_, rows.offer, row);
        if (query_.placeable_only && blocked != Rejection::none) return;
        found_.push_back({rows.result[i], rows.base ? rows.base[i] : rows.result[i],
                          rows.preference ? rows.preference[i] : 0, rows.offer, row, blocked});
        if (keep_ != 0 && found_.size() >= 2 * keep_) drop_the_worse();
    }

    /// What stands behind as many pairs as are asked for will not be shown: a long listing cut short takes little
    /// memory.
    void drop_the_worse() {
        const auto last = found_.begin() + static_cast<std::ptrdiff_t>(keep_);
        std::nth_element(found_.begin(), last, found_.end(),
                         [&](const FoundPair &a, const FoundPair &b) { return stands_before(a, b); });
        dropped_ += found_.size() - keep_;
        found_.erase(last, found_.end());
    }

    bool stands_before(const FoundPair &a, const FoundPair &b) const {
        if (a.value != b.value) return a.value > b.value;
        const Market &market = board_.market;
        if (market.gain(a.offer) != market.gain(b.offer)) return market.gain(a.offer) > market.gain(b.offer);
        if (a.offer != b.offer) return market.rank(a.offer) < market.rank(b.offer);
        return std::tie(board_.fleet.key(a.row), a.row) < std::tie(board_.fleet.key(b.row), b.row);
    }

    bool several_groups() const {
        for (ServerIndex i = 0; i < board_.fleet.server_count(); ++i)
            if (board_.fleet.server_at(i).rows.size() > 1) return true;
        return false;
    }

    /// A server with several groups that fit stands once per offer, with the best of them.
    void keep_best_groups() {
        const auto home = [&](const FoundPair &pair) {
            return std::pair(pair.offer, board_.fleet.server_of(pair.row));
        };
        std::sort(found_.begin(), found_.end(), [&](const FoundPair &a, const FoundPair &b) {
            if (const auto ha = home(a), hb = home(b); ha != hb) return ha < hb;
            return stands_before(a, b);
        });
        found_.erase(std::unique(found_.begin(), found_.end(),
                                 [&](const FoundPair &a, const FoundPair &b) { return home(a) == home(b); }),
                     found_.end());
    }

    void settle_ties(std::span<ValueOrder::Item> order) const {
        for (size_t first = 0, last = 0; first < order.size(); first = last) {
            for (last = first + 1; last < order.size() && order[last].key == order[first].key;) ++last;
            if (last - first == 1) continue;
            std::sort(order.begin() + static_cast<std::ptrdiff_t>(first),
                      order.begin() + static_cast<std::ptrdiff_t>(last),
                      [&](const ValueOrder::Item &a, const ValueOrder::Item &b) {
                          return stands_before(found_[a.index], found_[b.index]);
                      });
        }
    }

    const Board &board_;
    const PairQuery &query_;
    const std::vector<ShownRow> rows_;
    const bool several_groups_; ///< then which pair of a server stands is known only when all were found
    const size_t keep_;         ///< pairs; 0: all
    size_t dropped_ = 0;
    std::vector<FoundPair> &found_;
    ValueOrder &order_;
};

} // namespace

void RankingMemory::trim() {
    if (found.capacity() > most_kept) found = {};
    order.trim();
}

Status rank_pairs(const Board &board, const PairQuery &query, const PlanTools &tools, RankingMemory &memory,
                  PairRanking &ranking) {
    PassOptions options;
    options.mode = FilterMode::market_listing;
    options.exclude_here = options.exclude_failed = false;
    options.detail = tools.scorers.has_preferences();
    PairLister lister(board, query, memory);
    RIG_TRY(score_offers(board, tools.scorers, listed_offers(board.market, query), options, tools.benches[0],
                         [&](const ScoredRows &rows) { lister.take(rows); }));
    lister.list(ranking);
    memory.trim();
    return {};
}

} // namespace rigger::placement
