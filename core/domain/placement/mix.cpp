#include "domain/placement/mix.hpp"

#include <algorithm>

namespace rigger::placement {

void MixCount::add(const Requirements &needs, int64_t models, double times) {
    kinds_[{needs.gpu_count, needs.gpu_count == 0 ? 0 : needs.gpu_milli, needs.cpu_milli, needs.memory_mib, models}] +=
        times;
    total_ += times;
}

std::shared_ptr<const WorkloadMix> MixCount::mix() const {
    auto mix = std::make_shared<WorkloadMix>();
    for (const auto &[kind, count] : kinds_) {
        const auto &[gpus, milli, cpu, memory, models] = kind;
        mix->share.push_back(count / total_);
        mix->gpus.push_back(gpus);
        mix->milli.push_back(milli);
        mix->cpu_milli.push_back(cpu);
        mix->memory_mib.push_back(static_cast<double>(memory));
        mix->models.push_back(models);
    }
    return mix;
}

int64_t model_bits(const Fleet &fleet, const Requirements &needs) {
    uint64_t bits = 0;
    for (const std::string &model : needs.gpu_models)
        if (const Segment *segment = fleet.segment(model))
            bits |= uint64_t{1} << std::min<std::ptrdiff_t>(63, segment - fleet.segments().data());
    return static_cast<int64_t>(bits);
}

} // namespace rigger::placement
