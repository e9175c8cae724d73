// core/domain/optimum/level_search.hpp -- minimises a convex, piecewise linear function of prices >= 0 by subgradient
// steps towards a level.
#pragma once
#include <algorithm>
#include <cstddef>
#include <vector>

namespace rigger::optimum {

/// Dual: size(); at(price) -> value, leaving `slope` (of each price, normalised) and `weight` (the value's change per
/// unit of price and slope). Steps aim at a level a little below the least value seen; while none is better the level
/// comes nearer. Returns the least value seen and leaves its prices in `price`. Any price is a bound: how well the
/// search does is a matter of tightness alone.
template <typename Dual> double lowest_level(Dual &dual, std::vector<double> &price, size_t rounds) {
    constexpr double first_gap = 0.02, last_gap = 1e-6, most_slope = 2, memory = 0.7, progress = 0.05;
    constexpr size_t patience = 15;
    std::vector<double> best_price = price, direction(price.size(), 0.0);
    double best = 0, gap = first_gap;
    size_t stale = 0;
    for (size_t round = 0; round < rounds && gap > last_gap; ++round) {
        double value = dual.at(price);
        if (round == 0 || value < best) {
            if (round > 0 && best - value > progress * gap * best) {
                gap = std::min(first_gap, gap * 1.5);
                stale = 0;
            }
            best = value;
            best_price = price;
        } else if (++stale > patience) {
            gap /= 2;
            stale = 0;
            price = best_price;
            std::fill(direction.begin(), direction.end(), 0.0);
            value = dual.at(price);
        }
        double norm = 0;
        for (size_t i = 0; i < price.size(); ++i) {
            double slope = std::clamp(dual.slope[i], -most_slope, most_slope);
            if (price[i] <= 0 && slope > 0) slope = 0;
            direction[i] = memory * direction[i] + (1 - memory) * slope;
            norm += dual.weight[i] * direction[i] * direction[i];
        }
        if (norm <= 0) break;
        const double step = std::max(value - best * (1 - gap), gap * best) / norm;
        for (size_t i = 0; i < price.size(); ++i) price[i] = std::max(0.0, price[i] - step * direction[i]);
    }
    price = best_price;
    return best;
}

} // namespace rigger::optimum
