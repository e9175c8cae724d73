#include "domain/placement/stock_of.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

namespace rigger::placement {
namespace {

constexpr double same = 1e-9; ///< relative: differences below are rounding
constexpr size_t copies_at_once = 64;

/// What one offer could earn, seen over all rows that it fits.
struct Prospect {
    std::vector<RowIndex> rows;
    RowIndex cheapest = no_index;
    double least = std::numeric_limits<double>::infinity(), most = -std::numeric_limits<double>::infinity();
};

class Stocktaking {
public:
    Stocktaking(const Board &board, const PlanTools &tools)
        : board_(board), tools_(tools), prospects_(board.market.size()) {}

    Result<BoardStock> run() {
        RIG_TRY(look());
        for (const OfferIndex offer : board_.market.listing()) {
            if (prospects_[offer].rows.empty()) continue;
            RIG_TRY(add_lot(offer));
            if (!made_.refusal.empty()) return std::move(made_);
        }
        add_bins();
        return std::move(made_);
    }

private:
    Status look() {
        const std::vector<OfferIndex> open = open_offers(board_.market);
        return score_offers(board_, tools_.scorers, open, {}, tools_.benches[0], [&](const ScoredRows &rows) {
            rows.each([&](size_t i, RowIndex row) {
                if (rows.result[i] >= board_.min_value && rows.result[i] <= std::numeric_limits<double>::max())
                    see(rows.offer, row, rows.result[i]);
            });
        });
    }
    void see(OfferIndex offer, RowIndex row, double value) {
        Prospect &prospect = prospects_[offer];
        prospect.rows.push_back(row);
        if (prospect.cheapest == no_index || board_.fleet.key(row) < board_.fleet.key(prospect.cheapest))
            prospect.cheapest = row;
        const double worth = value * cost_per_hour(board_, offer, row);
        prospect.least = std::min(prospect.least, worth);
        prospect.most = std::max(prospect.most, worth);
    }

    Status add_lot(OfferIndex offer) {
        const Prospect &prospect = prospects_[offer];
        const Demand &demand = board_.market.demand(offer);
        if (demand.whole_gpus == 0 && demand.share_milli == 0) made_.refusal = "an offer asks for no GPU";
        if (prospect.most - prospect.least > same * std::max(std::fabs(prospect.most), std::fabs(prospect.least)))
            made_.refusal = "what an offer earns per hour depends on the server";
        if (prospect.least < 0) made_.refusal = "an offer's value is below 0";
        if (!made_.refusal.empty()) return {};
        optimum::Lot lot;
        lot.gpus = static_cast<int>(demand.whole_gpus);
        lot.share_milli = static_cast<int>(demand.share_milli);
        lot.disk = demand.disk_gb;
        lot.cpu = demand.cpu_milli;
        lot.memory = demand.memory_mib;
        const Workload &workload = board_.market.at(offer);
        const size_t copies =
            std::min(prospect.rows.size(), static_cast<size_t>(std::max(0, workload.cap - workload.copies)));
        lot.worth.assign(copies, prospect.most);
        if (tools_.scorers.reads_copies()) { RIG_TRY_ASSIGN(lot.worth, worths(offer, prospect.cheapest, copies)); }
        const auto index = static_cast<uint32_t>(made_.offers.size());
        made_.offers.push_back(offer);
        made_.lot_of.emplace(offer, index);
        made_.stock.lots.push_back(std::move(lot));
        return {};
    }

    /// Per hour, of the next copies in turn, on that row.
    Result<std::vector<double>> worths(OfferIndex offer, RowIndex row, size_t copies) {
        Workbench &bench = tools_.benches[0];
        const double cost = cost_per_hour(board_, offer, row);
        const RowIndex rows[]{row};
        const CandidateTable &table =
            bench.row_copy.copy(board_.fleet, rows, tools_.scorers.candidate_needs(), ++bench.next_table_id);
        std::vector<double> worths;
        double values[copies_at_once];
        while (worths.size() < copies) {
            const size_t n = std::min(copies_at_once, copies - worths.size());
            const std::vector<OfferIndex> again(n, offer);
            bench.batch.gather(board_.market, again, tools_.scorers.workload_needs());
            for (size_t w = 0; w < n; ++w) bench.batch.add_copies(w, static_cast<double>(worths.size() + w));
            RIG_TRY(tools_.scorers.score(table, bench.batch, board_.market, board_.preference_share,
                                         {1, values, nullptr, nullptr}, bench.scratch));
            for (size_t w = 0; w < n; ++w) {
                if (!(values[w] >= board_.min_value) || !std::isfinite(values[w])) return worths;
                const double worth = values[w] * cost;
                if (!worths.empty() && worth > worths.back() * (1 + same)) {
                    made_.refusal = "an offer's value rises with its copies";
                    return worths;
                }
                worths.push_back(worths.empty() ? worth : std::min(worth, worths.back()));
            }
        }
        return worths;
    }

    void add_bins() {
        std::unordered_map<RowIndex, std::vector<uint32_t>> menus;
        for (uint32_t lot = 0; lot < made_.offers.size(); ++lot)
            for (const RowIndex row : prospects_[made_.offers[lot]].rows) menus[row].push_back(lot);
        std::vector<RowIndex> rows;
        rows.reserve(menus.size());
        for (const auto &[row, lots] : menus) rows.push_back(row);
        board_.fleet.order(rows);
        std::map<std::vector<uint32_t>, uint32_t> known;
        std::unordered_map<ServerIndex, uint32_t> sites;
        for (const RowIndex row : rows) {
            std::vector<uint32_t> &lots = menus[row];
            const ServerIndex server = board_.fleet.server_of(row);
            const Fleet::Room room = board_.fleet.room(row);
            const auto [site, fresh_site] = sites.try_emplace(server, static_cast<uint32_t>(made_.stock.sites.size()));
            if (fresh_site) made_.stock.sites.push_back({room.disk_gb, room.cpu_milli, room.memory_mib, {}});
            const auto [menu, fresh_menu] = known.try_emplace(lots, static_cast<uint32_t>(made_.stock.menus.size()));
            if (fresh_menu) made_.stock.menus.push_back(std::move(lots));
            optimum::Bin bin{site->second, menu->second, static_cast<int>(room.whole_gpus), 0};
            for (const Card &card : board_.fleet.cards(row))
                if (card.milli_free < 1000) bin.spare_milli += static_cast<int>(card.milli_free);
            const auto index = static_cast<uint32_t>(made_.rows.size());
            made_.stock.sites[site->second].bins.push_back(index);
            made_.stock.bins.push_back(bin);
            made_.rows.push_back(row);
            made_.bin_of.emplace(row, index);
        }
    }

    const Board &board_;
    const PlanTools &tools_;
    std::vector<Prospect> prospects_;
    BoardStock made_;
};

} // namespace

double cost_per_hour(const Board &board, OfferIndex offer, RowIndex row) {
    return board.fleet.value(CandidateColumn::node_price, row) *
           std::max(1.0, board.market.value(WorkloadColumn::gpu_count, offer));
}

Result<BoardStock> stock_of(const Board &board, const PlanTools &tools) { return Stocktaking(board, tools).run(); }

} // namespace rigger::placement
