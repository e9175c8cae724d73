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

/// As the server's own record spells it, so that it lives as long as the snapshot.
std::string_view model_of(const Fleet &fleet, RowIndex row) { return fleet.server(row).gpus[fleet.cards(row).front().position].model; }

struct Found {
    double value, gain;
    uint32_t rank;
    OfferIndex offer;
    RowIndex row;
    double base, preference;
};

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

Status rank_pairs(const Board &board, const PairQuery &query, const PlanTools &tools, PairRanking &ranking) {
    std::vector<OfferIndex> offers;
    for (const OfferIndex index : board.market.listing()) {
        const Workload &workload = board.market.at(index);
        if (workload.market != Rejection::none || (query.offer && workload.offer->id != *query.offer)) continue;
        if (query.placeable_only && workload.gate() != Rejection::none) continue;
        offers.push_back(index);
    }
    std::vector<bool> wanted(query.server.empty() ? 0 : board.fleet.server_count());
    for (size_t i = 0; i < wanted.size(); ++i) {
        const ServerPtr &server = board.fleet.server_at(static_cast<ServerIndex>(i)).server;
        wanted[i] = server && server->name.find(query.server) != std::string::npos;
    }
    bool several_groups = false;
    for (ServerIndex i = 0; i < board.fleet.server_count(); ++i) several_groups |= board.fleet.server_at(i).rows.size() > 1;

    std::vector<Found> found;
    PassOptions options;
    options.mode = FilterMode::market_listing;
    options.exclude_here = options.exclude_failed = false;
    options.detail = tools.scorers.has_preferences();
    const auto take = [&](const ScoredRows &rows) {
        if (!query.gpu.empty() && rows.segment->model != query.gpu) return;
        const double gain = board.market.gain(rows.offer);
        const uint32_t rank = board.market.rank(rows.offer);
        const auto one = [&](size_t i, RowIndex row) {
            if (!std::isfinite(rows.result[i])) return;
            if (!wanted.empty() && !wanted[board.fleet.server_of(row)]) return;
            if (query.placeable_only && first_rejection(board, rows.offer, row) != Rejection::none) return;
            found.push_back({rows.result[i], gain, rank, rows.offer, row, rows.base ? rows.base[i] : rows.result[i],
                             rows.preference ? rows.preference[i] : 0});
        };
        if (!rows.picked.empty()) {
            for (size_t i = 0; i < rows.picked.size(); ++i) one(i, rows.picked[i]);
            return;
        }
        for (size_t block = 0; block * block_rows < rows.segment->used; ++block)
            for (uint64_t word = rows.mask[block]; word != 0; word &= word - 1) {
                const size_t i = block * block_rows + static_cast<size_t>(std::countr_zero(word));
                one(i, rows.segment->begin + static_cast<RowIndex>(i));
            }
    };
    RIG_TRY(score_offers(board, tools.scorers, offers, options, tools.benches[0], take));

    const auto stands_before = [&](const Found &a, const Found &b) {
        if (a.value != b.value) return a.value > b.value;
        if (a.gain != b.gain) return a.gain > b.gain;
        if (a.rank != b.rank) return a.rank < b.rank;
        return std::tie(board.fleet.key(a.row), a.row) < std::tie(board.fleet.key(b.row), b.row);
    };
    if (several_groups) {
        // A server with several groups that fit stands once per offer, with the best of them.
        const auto server = [&](const Found &f) { return std::pair(f.rank, board.fleet.server_of(f.row)); };
        std::sort(found.begin(), found.end(), [&](const Found &a, const Found &b) {
            if (const auto sa = server(a), sb = server(b); sa != sb) return sa < sb;
            return stands_before(a, b);
        });
        found.erase(std::unique(found.begin(), found.end(), [&](const Found &a, const Found &b) { return server(a) == server(b); }), found.end());
    }
    // Sorted by value alone but for ties: keys are small, and the pairs themselves stay where they are.
    std::vector<std::pair<double, uint32_t>> order(found.size());
    for (uint32_t i = 0; i < order.size(); ++i) order[i] = {found[i].value, i};
    const auto listed_before = [&](const auto &a, const auto &b) {
        return a.first != b.first ? a.first > b.first : stands_before(found[a.second], found[b.second]);
    };
    ranking.total = found.size();
    if (query.limit != 0 && query.limit < found.size()) {
        const auto end = order.begin() + static_cast<std::ptrdiff_t>(query.limit);
        std::partial_sort(order.begin(), end, order.end(), listed_before);
        order.resize(query.limit);
    } else {
        std::sort(order.begin(), order.end(), listed_before);
    }
    ranking.items.reserve(order.size());
    for (const auto &[value, index] : order) {
        const Found &f = found[index];
        ranking.items.push_back({board.market.at(f.offer).offer.get(), &board.fleet.server(f.row),
                                 model_of(board.fleet, f.row), f.value, f.base, f.preference, shown_gain(f.gain),
                                 static_cast<int>(board.fleet.value(CandidateColumn::gpu_free, f.row)), first_rejection(board, f.offer, f.row)});
    }
    return {};
}

} // namespace rigger::placement
