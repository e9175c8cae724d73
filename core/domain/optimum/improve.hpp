// core/domain/optimum/improve.hpp -- makes a plan earn more: bins are emptied and filled anew, each as well as it can
// be while the others stay.
//
// From the given plan, every bin in turn gets the best set for the worths of that moment, until none changes. Then once
// more, by a mixture of what things earn and what they must earn for their place (the bound's prices), which leaves
// scarce GPUs to those who need them. The better plan wins.
#pragma once
#include "domain/optimum/stock.hpp"

#include <cstddef>

namespace rigger::optimum {

/// A plan that earns at least as much as `start` and keeps its shares of GPUs where they are. `price`: of WorthBound.
/// `steps` bounds the bins that are filled; stops early within `enough` (a share, such as 0.002) of `bound`. The answer
/// depends on the arguments alone.
std::vector<Choice> improve(const Stock &stock, const std::vector<Choice> &start, const std::vector<double> &price,
                            double bound, size_t steps, double enough = 0.002);

} // namespace rigger::optimum
