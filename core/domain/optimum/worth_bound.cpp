#include "domain/optimum/worth_bound.hpp"

#include "domain/optimum/knapsack.hpp"
#include "domain/optimum/market_search.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>

namespace rigger::optimum {
namespace {

constexpr double rounding = 1e-9; ///< of the sums: a bound that is reached must not fall below the plan

struct BinClass {
    uint32_t menu = 0;
    int gpus = 0, spare_milli = 0;
    double count = 0;
};

std::vector<BinClass> classes_of(const Stock &stock) {
    std::map<std::tuple<uint32_t, int, int>, double> counts;
    for (const Bin &bin : stock.bins) counts[{bin.menu, bin.gpus, bin.spare_milli}] += 1;
    std::vector<BinClass> classes;
    classes.reserve(counts.size());
    for (const auto &[key, count] : counts)
        classes.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key), count});
    return classes;
}

/// What a lot's copies bring above a price, quickly: worths never rise.
class Purchases {
public:
    explicit Purchases(const Stock &stock) : stock_(stock), sums_(stock.lots.size()) {
        for (size_t l = 0; l < sums_.size(); ++l) {
            sums_[l].assign(1, 0.0);
            for (const double worth : stock.lots[l].worth) sums_[l].push_back(sums_[l].back() + worth);
        }
    }
    struct Bought {
        double copies = 0, surplus = 0;
    };
    Bought at(size_t lot, double price) const {
        const auto &worth = stock_.lots[lot].worth;
        const auto n =
            static_cast<size_t>(std::lower_bound(worth.begin(), worth.end(), price, std::greater<>()) - worth.begin());
        return {static_cast<double>(n), sums_[lot][n] - static_cast<double>(n) * price};
    }

    /// What the first copies earn.
    double first(size_t lot, double copies) const { return sums_[lot][static_cast<size_t>(copies)]; }

private:
    const Stock &stock_;
    std::vector<std::vector<double>> sums_;
};

/// A first guess: one price per GPU and menu, as if the bins of a menu were one pool of GPUs; a lot takes the cheapest
/// places, one per bin.
class PoolDual {
public:
    PoolDual(const Stock &stock, const std::vector<BinClass> &classes, const Purchases &purchases)
        : stock_(stock), purchases_(purchases), excess(stock.menus.size()), room_(excess.size(), 0.0),
          wanted_(excess.size()), of_lot_(stock.lots.size()) {
        for (const BinClass &one : classes) room_[one.menu] += one.count * (one.gpus + one.spare_milli / 1000.0);
        for (uint32_t menu = 0; menu < stock.menus.size(); ++menu)
            for (const uint32_t lot : stock.menus[menu]) of_lot_[lot].push_back({menu, 0});
        for (const BinClass &one : classes)
            for (const uint32_t lot : stock.menus[one.menu])
                std::find_if(of_lot_[lot].begin(), of_lot_[lot].end(), [&](const Place &p) {
                    return p.menu == one.menu;
                })->bins += one.count;
    }
    /// The greatest worth per GPU: where prices start.
    double top() const {
        double top = 0;
        for (const Lot &lot : stock_.lots)
            if (!lot.worth.empty() && lot.density() > 0) top = std::max(top, lot.worth[0] / lot.density());
        return top;
    }
    double at(const std::vector<double> &price) {
        double bound = 0;
        std::fill(wanted_.begin(), wanted_.end(), 0.0);
        for (size_t menu = 0; menu < price.size(); ++menu) bound += price[menu] * room_[menu];
        for (uint32_t l = 0; l < of_lot_.size(); ++l) bound += buy(l, price, nullptr);
        for (size_t menu = 0; menu < price.size(); ++menu)
            excess[menu] = room_[menu] > 0 ? wanted_[menu] / room_[menu] - 1 : 0;
        return bound;
    }
    std::vector<double> lot_prices(const std::vector<double> &price) {
        std::vector<double> prices(of_lot_.size(), 0.0);
        for (uint32_t l = 0; l < of_lot_.size(); ++l) buy(l, price, &prices[l]);
        return prices;
    }

private:
    struct Place {
        uint32_t menu = 0;
        double bins = 0;
    };
    double buy(uint32_t l, const std::vector<double> &price, double *marginal) {
        auto &places = of_lot_[l];
        std::sort(places.begin(), places.end(), [&](const Place &a, const Place &b) {
            return price[a.menu] != price[b.menu] ? price[a.menu] < price[b.menu] : a.menu < b.menu;
        });
        double copies = 0, surplus = 0;
        double least = 0; ///< what the next copy must earn
        for (const Place &place : places) {
            const double each = price[place.menu] * stock_.lots[l].density();
            const double more = std::min(purchases_.at(l, each).copies - copies, place.bins);
            if (more <= 0) break;
            surplus += purchases_.first(l, copies + more) - purchases_.first(l, copies) - more * each;
            wanted_[place.menu] += more * stock_.lots[l].density();
            copies += more;
            least = each;
            if (more < place.bins) break;
        }
        const auto &worth = stock_.lots[l].worth;
        const auto next = static_cast<size_t>(copies);
        if (marginal) *marginal = std::max(least, next < worth.size() ? worth[next] : 0);
        return surplus;
    }

    const Stock &stock_;
    const Purchases &purchases_;

public:
    std::vector<double> excess;

private:
    std::vector<double> room_, wanted_;
    std::vector<std::vector<Place>> of_lot_;
};

/// A price per copy of each lot.
class LotDual {
public:
    LotDual(const Stock &stock, std::vector<BinClass> classes, const Purchases &purchases)
        : stock_(stock), purchases_(purchases), classes_(std::move(classes)), excess(stock.lots.size()),
          served_(excess.size()) {}
    double at(const std::vector<double> &price) {
        double bound = 0;
        std::fill(served_.begin(), served_.end(), 0.0);
        price_ = price;
        for (const BinClass &one : classes_) bound += one.count * one_class(one);
        for (size_t l = 0; l < price.size(); ++l) {
            const auto [copies, surplus] = purchases_.at(l, price_[l]);
            bound += surplus;
            excess[l] = (copies - served_[l]) / std::max(1.0, std::max(copies, served_[l]));
        }
        return bound;
    }

private:
    double one_class(const BinClass &one) {
        knapsack_.begin(one.gpus);
        shares_.clear();
        for (const uint32_t l : stock_.menus[one.menu]) {
            const Lot &lot = stock_.lots[l];
            if (lot.gpus > 0) knapsack_.offer(l, lot.gpus, price_[l]);
            else if (price_[l] > 0) shares_.push_back(l);
        }
        const std::vector<double> &whole = knapsack_.solve();
        const auto gpus = static_cast<size_t>(one.gpus);
        if (shares_.empty()) {
            knapsack_.each(gpus, [&](uint32_t l) { served_[l] += one.count; });
            return whole[gpus];
        }
        std::sort(shares_.begin(), shares_.end(), [&](uint32_t a, uint32_t b) {
            const double at_a = price_[a] * stock_.lots[b].share_milli, at_b = price_[b] * stock_.lots[a].share_milli;
            return at_a != at_b ? at_a > at_b : a < b;
        });
        double best = -1;
        size_t split = 0;
        for (size_t used = 0; used <= gpus; ++used) {
            const double value = whole[used] + pour(static_cast<double>(gpus - used) * 1000 + one.spare_milli, 0);
            if (value > best) best = value, split = used;
        }
        knapsack_.each(split, [&](uint32_t l) { served_[l] += one.count; });
        pour(static_cast<double>(gpus - split) * 1000 + one.spare_milli, one.count);
        return best;
    }
    /// Shares by price per milli, the last one in part.
    double pour(double milli, double count) {
        double value = 0;
        for (const uint32_t l : shares_) {
            if (milli <= 0) break;
            const double size = std::max(1, stock_.lots[l].share_milli), part = std::min(1.0, milli / size);
            value += part * price_[l];
            milli -= size;
            served_[l] += count * part;
        }
        return value;
    }

    const Stock &stock_;
    const Purchases &purchases_;
    std::vector<BinClass> classes_;
    Knapsack knapsack_;

public:
    std::vector<double> excess;

private:
    std::vector<double> served_, price_;
    std::vector<uint32_t> shares_;
};

} // namespace

double worth_of(const Stock &stock, const std::vector<Choice> &choices) {
    std::vector<size_t> copies(stock.lots.size());
    double worth = 0;
    for (const Choice &choice : choices) worth += stock.lots[choice.lot].worth[copies[choice.lot]++];
    return worth;
}

WorthBound worth_at_most(const Stock &stock, size_t rounds) {
    const std::vector<BinClass> classes = classes_of(stock);
    const Purchases purchases(stock);
    PoolDual pool(stock, classes, purchases);
    std::vector<double> per_menu(stock.menus.size(), pool.top() / 2);
    const double pooled = market_level(pool, per_menu, rounds, 0.5, 0.002);
    WorthBound bound;
    bound.price = pool.lot_prices(per_menu);
    LotDual dual(stock, classes, purchases);
    bound.per_hour = std::min(pooled, market_level(dual, bound.price, rounds, 0.003, 0.0001)) * (1 + rounding);
    return bound;
}

} // namespace rigger::optimum
