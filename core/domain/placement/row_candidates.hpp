// core/domain/placement/row_candidates.hpp -- the offers of one segment with their columns side by side, so that a row
// that changed is scored against all of them in one call over memory in order.
#pragma once
#include "domain/placement/scoring.hpp"

#include <vector>

namespace rigger::placement {

/// Of one segment. Values copy.
class RowCandidates {
public:
    /// Every offer that may fit the row, which is of this segment: the segment's model is admissible and there are GPUs
    /// enough. The offers ascend by whole GPUs. Valid until the next call. `needed`: as for WorkloadBatch.
    const WorkloadBatch &of_row(const Fleet &fleet, const Market &market, RowIndex row, uint32_t needed);
    /// Must be told of every offer of which the market writes anything anew.
    void update(const Market &market, OfferIndex offer);

private:
    std::vector<OfferIndex> admitting_; ///< the market's list when the batch was gathered; empty: gather anew
    WorkloadBatch batch_;               ///< of those, by whole GPUs
    std::vector<double> whole_gpus_;    ///< of the batch's offers
};

} // namespace rigger::placement
