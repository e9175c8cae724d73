// core/domain/optimum/market_search.hpp -- lowers a dual bound the way a market finds its prices: what is wanted more
// than there is gets dearer.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace rigger::optimum {

/// Dual: at(price) -> value, leaving `excess` of each price: above 0 where the price is too low, at most about 1 in
/// size. Excess is averaged over rounds, because equal bins all want the same at once; steps shrink from `first` to
/// `last`, relative to the price. Returns the least value seen, its prices in `price`. Any price is a bound: how well
/// the search does is a matter of tightness alone.
template <typename Dual>
double market_level(Dual &dual, std::vector<double> &price, size_t rounds, double first, double last) {
    constexpr double most_excess = 1, memory = 0.8;
    std::vector<double> best_price = price, drift(price.size(), 0.0);
    double best = dual.at(price);
    for (size_t round = 0; round < rounds; ++round) {
        const double step = first * std::pow(last / first, static_cast<double>(round) / static_cast<double>(rounds));
        for (size_t i = 0; i < price.size(); ++i) {
            drift[i] = memory * drift[i] + (1 - memory) * std::clamp(dual.excess[i], -most_excess, most_excess);
            price[i] *= std::exp(step * drift[i]);
        }
        if (const double value = dual.at(price); value < best) {
            best = value;
            best_price = price;
        }
    }
    price = best_price;
    return best;
}

} // namespace rigger::optimum
