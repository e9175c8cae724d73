#include "domain/optimum/improve.hpp"

#include "domain/optimum/knapsack.hpp"

#include <algorithm>

namespace rigger::optimum {
namespace {

constexpr double least_gain = 1e-9; ///< relative: less is rounding

/// A plan under change.
class Filling {
public:
    Filling(const Stock &stock, const std::vector<Choice> &start)
        : stock_(&stock), sites_(stock.sites), here_(stock.bins.size()), free_(stock.bins.size()),
          copies_(stock.lots.size(), 0) {
        for (size_t b = 0; b < free_.size(); ++b) free_[b] = stock.bins[b].gpus;
        for (const Choice &choice : start) put(choice.lot, choice.bin);
        settle_cards(start);
    }
    double worth() const noexcept { return worth_; }
    std::vector<Choice> choices() const {
        std::vector<Choice> all;
        for (uint32_t bin = 0; bin < here_.size(); ++bin)
            for (const uint32_t lot : here_[bin]) all.push_back({lot, bin});
        return all;
    }
    void clear(uint32_t bin) {
        auto &here = here_[bin];
        for (size_t i = here.size(); i-- > 0;)
            if (stock_->lots[here[i]].gpus > 0) drop(i, bin);
    }
    /// Fills the bin anew by value(lot, worth of its next copy); keeps what was there unless that earns more by the
    /// same measure.
    template <typename Value> bool refill(uint32_t bin, const Value &value) {
        before_.clear();
        for (const uint32_t lot : here_[bin])
            if (stock_->lots[lot].gpus > 0) before_.push_back(lot);
        clear(bin);
        const auto worth_now = [&](uint32_t lot) { return value(lot, next(lot)); };
        double old = 0;
        for (const uint32_t lot : before_) old += worth_now(lot);
        knapsack_.begin(free_[bin]);
        const Site &site = sites_[stock_->bins[bin].site];
        for (const uint32_t l : stock_->menus[stock_->bins[bin].menu]) {
            const Lot &lot = stock_->lots[l];
            if (lot.gpus == 0 || copies_[l] >= lot.worth.size() || !fits(lot, site) || elsewhere(l, bin)) continue;
            knapsack_.offer(l, lot.gpus, worth_now(l));
        }
        const double best = knapsack_.solve()[static_cast<size_t>(free_[bin])];
        bool fresh = best > old + least_gain * std::max(1e-300, old);
        if (fresh) {
            chosen_.clear();
            knapsack_.each(static_cast<size_t>(free_[bin]), [&](uint32_t lot) { chosen_.push_back(lot); });
            std::sort(chosen_.begin(), chosen_.end(), [&](uint32_t a, uint32_t b) {
                const double va = worth_now(a) * stock_->lots[b].gpus, vb = worth_now(b) * stock_->lots[a].gpus;
                return va != vb ? va > vb : a < b;
            });
            double total = 0;
            for (const uint32_t lot : chosen_)
                if (fits(stock_->lots[lot], sites_[stock_->bins[bin].site])) {
                    total += worth_now(lot);
                    put(lot, bin);
                }
            fresh = total > old + least_gain * std::max(1e-300, old); // disk, CPU or memory may have cut the set short
            if (!fresh) clear(bin);
        }
        if (!fresh)
            for (const uint32_t lot : before_) put(lot, bin);
        return fresh;
    }

private:
    double next(uint32_t lot) const {
        return copies_[lot] < stock_->lots[lot].worth.size() ? stock_->lots[lot].worth[copies_[lot]] : 0;
    }
    static bool fits(const Lot &lot, const Site &site) {
        return lot.disk <= site.disk && lot.cpu <= site.cpu && lot.memory <= site.memory;
    }
    bool elsewhere(uint32_t lot, uint32_t bin) const {
        for (const uint32_t other : stock_->sites[stock_->bins[bin].site].bins)
            if (std::find(here_[other].begin(), here_[other].end(), lot) != here_[other].end()) return true;
        return false;
    }
    void put(uint32_t lot, uint32_t bin) {
        const Lot &what = stock_->lots[lot];
        worth_ += next(lot);
        ++copies_[lot];
        here_[bin].push_back(lot);
        free_[bin] -= what.gpus;
        count(what, sites_[stock_->bins[bin].site], 1);
    }
    void drop(size_t at, uint32_t bin) {
        const uint32_t lot = here_[bin][at];
        const Lot &what = stock_->lots[lot];
        here_[bin].erase(here_[bin].begin() + static_cast<std::ptrdiff_t>(at));
        --copies_[lot];
        worth_ -= next(lot);
        free_[bin] += what.gpus;
        count(what, sites_[stock_->bins[bin].site], -1);
    }
    static void count(const Lot &lot, Site &site, double sign) {
        site.disk -= sign * lot.disk;
        site.cpu -= sign * lot.cpu;
        site.memory -= sign * lot.memory;
    }
    /// Shares stay where the start has them. Their exact cards are not known here: a bin with any keeps its whole
    /// filling as it is.
    void settle_cards(const std::vector<Choice> &start) {
        for (const Choice &choice : start)
            if (stock_->lots[choice.lot].gpus == 0) shared_.push_back(choice.bin);
        std::sort(shared_.begin(), shared_.end());
    }

public:
    bool movable(uint32_t bin) const { return !std::binary_search(shared_.begin(), shared_.end(), bin); }

private:
    const Stock *stock_;
    std::vector<Site> sites_;
    std::vector<std::vector<uint32_t>> here_;
    std::vector<int> free_;
    std::vector<size_t> copies_;
    std::vector<uint32_t> shared_;
    double worth_ = 0;
    Knapsack knapsack_;
    std::vector<uint32_t> before_, chosen_;
};

class Improver {
public:
    Improver(const std::vector<double> &price, size_t steps) : price_(price), steps_(steps) {}

    /// Each bin in turn, by what things earn now, until nothing changes.
    void settle(Filling &plan, const std::vector<uint32_t> &order) {
        for (bool changed = true; changed && steps_ > 0;) {
            changed = false;
            for (const uint32_t bin : order) {
                if (steps_ == 0) break;
                --steps_;
                changed |= plan.refill(bin, [](uint32_t, double worth) { return worth; });
            }
        }
    }
    /// One round over the bins by a mixture of what things earn now (by = 0) and what they must earn for their place
    /// (by = 1).
    void blend(Filling &plan, const std::vector<uint32_t> &order, double by) {
        for (const uint32_t bin : order) {
            if (steps_ == 0) break;
            --steps_;
            plan.refill(bin, [this, by](uint32_t lot, double worth) {
                return worth - by * std::max(0.0, worth - price_[lot]);
            });
        }
    }
    bool spent() const noexcept { return steps_ == 0; }

private:
    const std::vector<double> &price_;
    size_t steps_;
};

} // namespace

std::vector<Choice> improve(const Stock &stock, const std::vector<Choice> &start, const std::vector<double> &price,
                            double bound, size_t steps, double enough) {
    Filling given(stock, start);
    std::vector<uint32_t> order;
    for (uint32_t bin = 0; bin < stock.bins.size(); ++bin)
        if (given.movable(bin)) order.push_back(bin);
    Improver improver(price, steps);
    const auto good = [&](const Filling &plan) { return plan.worth() >= bound * (1 - enough); };
    Filling best = given;
    improver.settle(best, order);
    Filling other = given;
    for (const double by : {0.95, 0.9, 0.8, 0.6, 0.4}) {
        if (good(best) || improver.spent()) break;
        improver.blend(other, order, by);
    }
    improver.settle(other, order);
    if (other.worth() > best.worth()) best = other;
    return best.worth() > given.worth() * (1 + least_gain) ? best.choices() : start;
}

} // namespace rigger::optimum
