// core/domain/placement/mix.hpp -- counts what is asked for: the workload mix that scorers get.
#pragma once
#include "domain/placement/fleet.hpp"
#include "domain/ports/placement_scorer.hpp"

#include <map>
#include <memory>
#include <tuple>

namespace rigger::placement {

/// Workloads that ask for the same count as one kind. Kinds come in a fixed order, whatever the order of add().
class MixCount {
public:
    /// `models`: see model_bits().
    void add(const Requirements &needs, int64_t models, double times = 1);
    double total() const noexcept { return total_; }
    std::shared_ptr<const WorkloadMix> mix() const;

private:
    std::map<std::tuple<int, int, int, int64_t, int64_t>, double> kinds_; ///< gpus, milli, cpu, memory, models
    double total_ = 0;
};

/// The admissible models as scorers see them: bit c for the fleet's model code c, bit 63 for all codes from 63 on.
int64_t model_bits(const Fleet &fleet, const Requirements &needs);

} // namespace rigger::placement
