#include "domain/optimum/improve.hpp"
#include "domain/optimum/worth_bound.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

namespace rigger::optimum {
namespace {

constexpr double unlimited = std::numeric_limits<double>::infinity();

/// A small stock: sites of one or two bins; whole GPUs and shares; disk sometimes scarce; worths that fall.
Stock random_stock(uint64_t seed, bool shares) {
    std::mt19937_64 random(seed);
    const auto below = [&](uint64_t n) { return static_cast<int>(random() % n); };
    Stock stock;
    for (int l = 2 + below(3); l > 0; --l) {
        Lot lot;
        if (shares && below(3) == 0) lot.share_milli = 100 * (1 + below(9));
        else lot.gpus = 1 << below(3);
        lot.disk = below(3);
        double worth = 1 + below(20);
        for (int copies = 1 + below(3); copies > 0; --copies, worth *= 0.5 + 0.1 * below(6)) lot.worth.push_back(worth);
        stock.lots.push_back(lot);
    }
    for (int s = 1 + below(3); s > 0; --s) {
        Site site{below(3) == 0 ? 1.0 + below(4) : unlimited, unlimited, unlimited, {}};
        for (int b = below(4) == 0 ? 2 : 1; b > 0; --b) {
            site.bins.push_back(static_cast<uint32_t>(stock.bins.size()));
            std::vector<uint32_t> menu;
            const int gpus = 1 + below(4);
            for (uint32_t l = 0; l < stock.lots.size(); ++l)
                if (below(4) != 0 && stock.lots[l].gpus <= gpus && stock.lots[l].disk <= site.disk) menu.push_back(l);
            stock.bins.push_back(
                {static_cast<uint32_t>(stock.sites.size()), static_cast<uint32_t>(stock.menus.size()), gpus, 0});
            stock.menus.push_back(menu);
        }
        stock.sites.push_back(site);
    }
    return stock;
}

/// Every plan: each bin's lots by subsets, exact cards for shares.
class ExhaustivePlan {
public:
    explicit ExhaustivePlan(const Stock &stock) : stock_(stock), sites_(stock.sites), copies_(stock.lots.size(), 0) {
        for (const Bin &bin : stock.bins) cards_.emplace_back(static_cast<size_t>(bin.gpus), 1000);
    }
    double most() {
        search(0, 0, 0);
        return best_;
    }

private:
    void search(uint32_t bin, size_t item, double worth) {
        best_ = std::max(best_, worth);
        if (bin == stock_.bins.size()) return;
        const auto &menu = stock_.menus[stock_.bins[bin].menu];
        if (item == menu.size()) return search(bin + 1, 0, worth);
        search(bin, item + 1, worth);
        const uint32_t l = menu[item];
        const Lot &lot = stock_.lots[l];
        const uint32_t s = stock_.bins[bin].site;
        Site &site = sites_[s];
        if (copies_[l] >= lot.worth.size() || lot.disk > site.disk ||
            std::find(here_.begin(), here_.end(), std::pair(s, l)) != here_.end())
            return;
        const std::vector<int> before = cards_[bin];
        const double more = lot.worth[copies_[l]];
        ++copies_[l];
        site.disk -= lot.disk;
        here_.emplace_back(s, l);
        if (lot.gpus > 0) {
            int wanted = lot.gpus;
            for (int &card : cards_[bin])
                if (card == 1000 && wanted > 0) card = 0, --wanted;
            if (wanted == 0) search(bin, item + 1, worth + more);
        } else {
            for (int &card : cards_[bin]) {
                if (card < lot.share_milli) continue;
                card -= lot.share_milli;
                search(bin, item + 1, worth + more);
                card += lot.share_milli;
            }
        }
        cards_[bin] = before;
        here_.pop_back();
        sites_[s].disk += lot.disk;
        --copies_[l];
    }
    const Stock &stock_;
    std::vector<Site> sites_;
    std::vector<size_t> copies_;
    std::vector<std::vector<int>> cards_;
    std::vector<std::pair<uint32_t, uint32_t>> here_;
    double best_ = 0;
};

bool holds(const Stock &stock, const std::vector<Choice> &choices) {
    std::vector<Site> sites = stock.sites;
    std::vector<int> free;
    for (const Bin &bin : stock.bins) free.push_back(bin.gpus);
    std::vector<size_t> copies(stock.lots.size(), 0);
    std::vector<std::pair<uint32_t, uint32_t>> here;
    for (const Choice &choice : choices) {
        const Lot &lot = stock.lots[choice.lot];
        const uint32_t site = stock.bins[choice.bin].site;
        const auto &menu = stock.menus[stock.bins[choice.bin].menu];
        const std::pair pair(site, choice.lot);
        if (std::find(menu.begin(), menu.end(), choice.lot) == menu.end() ||
            std::find(here.begin(), here.end(), pair) != here.end())
            return false;
        here.push_back(pair);
        if (++copies[choice.lot] > lot.worth.size() || (free[choice.bin] -= lot.gpus) < 0 ||
            (sites[site].disk -= lot.disk) < 0)
            return false;
    }
    return true;
}

TEST(WorthBound, IsNeverBelowTheBestPlan) {
    size_t near = 0;
    constexpr uint64_t cases = 3000;
    for (uint64_t seed = 1; seed <= cases; ++seed) {
        const Stock stock = random_stock(seed, true);
        const double best = ExhaustivePlan(stock).most();
        const WorthBound bound = worth_at_most(stock, 60);
        ASSERT_GE(bound.per_hour, best) << "seed " << seed;
        near += best >= 0.95 * bound.per_hour;
    }
    EXPECT_GT(near, cases / 3); // otherwise it bounds nothing
    RecordProperty("near", static_cast<int>(near));
}

TEST(Improve, KeepsEveryRule_NeverEarnsLess_AndComesNearTheBestPlan) {
    double earned = 0, best = 0;
    for (uint64_t seed = 1; seed <= 1500; ++seed) {
        const Stock stock = random_stock(seed, false);
        const WorthBound bound = worth_at_most(stock, 60);
        const std::vector<Choice> plan = improve(stock, {}, bound.price, bound.per_hour, 1000);
        ASSERT_TRUE(holds(stock, plan)) << "seed " << seed;
        const double most = ExhaustivePlan(stock).most(), worth = worth_of(stock, plan);
        ASSERT_LE(worth, most * (1 + 1e-9)) << "seed " << seed;
        const std::vector<Choice> again = improve(stock, plan, bound.price, bound.per_hour, 1000);
        ASSERT_GE(worth_of(stock, again), worth) << "seed " << seed;
        earned += worth;
        best += most;
    }
    EXPECT_GT(earned, 0.97 * best);
}

TEST(Improve, StopsAtItsBudget_AndReturnsTheStart) {
    const Stock stock = random_stock(7, false);
    const WorthBound bound = worth_at_most(stock, 60);
    EXPECT_TRUE(improve(stock, {}, bound.price, bound.per_hour, 0).empty());
}

} // namespace
} // namespace rigger::optimum
