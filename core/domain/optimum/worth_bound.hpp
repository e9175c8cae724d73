// core/domain/optimum/worth_bound.hpp -- what the best of all plans could earn at most.
//
// Every lot gets a price: a copy is bought at it from the lot's worths, and each bin on its own chooses the set that
// sells best, exactly. The sum bounds every plan, whatever the prices. What one bin alone cannot see is left out, so
// that the bound errs upwards only: bins of one site share disk, CPU and memory; shares of GPUs fill what is left as if
// they were liquid.
#pragma once
#include "domain/optimum/stock.hpp"

#include <cstddef>

namespace rigger::optimum {

struct WorthBound {
    double per_hour = 0;
    std::vector<double> price; ///< of a copy of each lot: what it must earn to be worth its place
};

/// Never below the best plan. `rounds` bounds the search for good prices; the answer depends on the arguments alone.
WorthBound worth_at_most(const Stock &stock, size_t rounds = 600);

} // namespace rigger::optimum
