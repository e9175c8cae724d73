// core/domain/placement/fragmentation.hpp -- free room that what is asked for cannot use: the measure of Weng et al.,
// "Beware of Fragmentation" (USENIX ATC 2023), over the whole demand.
//
// Of one server towards one kind of workload: if the kind fits, the free GPU milli on cards too full for it; else all
// free milli. Of a demand: the mean over its kinds, by weight. Workloads without GPUs count for nothing, memory and
// disk play no part.
#pragma once
#include "domain/placement/market.hpp"

#include <span>
#include <vector>

namespace rigger::placement {

class Fragmentation {
public:
    /// `weight` by offer index: how much of the demand it is; what is not positive is left out.
    Fragmentation(const Fleet &fleet, const Market &market, std::span<const double> weight);

    /// Milli of this GPU group that the demand cannot use. Where automatic placement is closed (locked, not ready,
    /// unknown): all free ones.
    double lost(const Fleet &fleet, RowIndex row) const;
    double lost_on(const Fleet &fleet, ServerIndex server) const; ///< over its GPU groups
    double lost(const Fleet &fleet) const;                        ///< over all

private:
    struct Kind {
        int milli = 0, gpus = 0, cpu = 0;
        double share = 0; ///< of the demand
    };
    std::vector<std::vector<Kind>> admitted_; ///< by segment; by milli
    std::vector<double> foreign_;             ///< by segment: share of the demand that it is not admitted to
};

} // namespace rigger::placement
