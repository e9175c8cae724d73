#include "refill.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace fragmentation {
namespace {

constexpr double patience = 0.006;

size_t steps_of(double milli) {
    return static_cast<size_t>(std::ceil(std::clamp(milli, 0.0, 1000.0) / RefillTables::step));
}

} // namespace

void RefillTables::follow(const rig::ScoreBatch &batch) {
    if (known_ && batch.mix_id() == mix_id_) return;
    known_ = true;
    mix_id_ = batch.mix_id();
    kinds_.clear();
    models_of_.clear();
    models_.clear();
    double cpu = 0, milli = 0;
    std::vector<size_t> order(batch.mix_kinds());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
        return batch.mix(RIG_MIX_CPU_MILLI)[a] < batch.mix(RIG_MIX_CPU_MILLI)[b];
    });
    for (const size_t i : order) {
        const Kind kind{batch.mix(RIG_MIX_SHARE)[i], batch.mix(RIG_MIX_GPU_COUNT)[i], batch.mix(RIG_MIX_CPU_MILLI)[i],
                        steps_of(batch.mix(RIG_MIX_GPU_MILLI)[i])};
        cpu += kind.share * kind.cpu;
        milli += kind.share * kind.gpus * batch.mix(RIG_MIX_GPU_MILLI)[i];
        if (kind.gpus <= 0 || kind.milli_steps == 0) continue;
        kinds_.push_back(kind);
        models_of_.push_back(static_cast<uint64_t>(batch.mix_models()[i]));
    }
    cpu_per_milli_ = milli > 0 && cpu > 0 ? cpu / milli : 1;
}

const RefillTables::Worth &RefillTables::worth(uint32_t code, double cpu_free, int whole_cards) {
    const uint32_t bit = std::min(code, 63u);
    if (models_.size() <= bit) models_.resize(bit + 1);
    Model &model = models_[bit];
    if (model.tables.empty()) {
        for (size_t i = 0; i < kinds_.size(); ++i)
            if ((models_of_[i] >> bit & 1) != 0) model.kinds.push_back(kinds_[i]);
        model.tables.resize((model.kinds.size() + 1) * classes);
        model.made.resize(model.tables.size());
    }
    const auto above = std::upper_bound(model.kinds.begin(), model.kinds.end(), cpu_free,
                                        [](double free, const Kind &kind) { return free < kind.cpu; });
    // A negative figure: not known, so it limits nothing.
    const size_t fitting = cpu_free < 0 ? model.kinds.size() : static_cast<size_t>(above - model.kinds.begin());
    const size_t size = whole_cards >= 8 ? 3 : whole_cards >= 4 ? 2 : whole_cards >= 2 ? 1 : 0;
    const size_t at = fitting * classes + size;
    if (!model.made[at]) {
        static constexpr double most_gpus[classes] = {1, 2, 4, 1e9};
        fill(model.tables[at], model, fitting, most_gpus[size]);
        model.made[at] = 1;
    }
    return model.tables[at];
}

void RefillTables::fill(Worth &worth, const Model &model, size_t fitting, double most_gpus) const {
    std::array<double, steps> rate{};
    for (size_t i = 0; i < fitting; ++i)
        if (model.kinds[i].gpus <= most_gpus)
            rate[model.kinds[i].milli_steps] += model.kinds[i].share * model.kinds[i].gpus;
    std::array<size_t, steps> asked{};
    size_t count = 0;
    for (size_t m = 1; m < steps; ++m)
        if (rate[m] > 0) asked[count++] = m;
    for (size_t r = 0; r < steps; ++r) {
        double taken = 0, rates = patience;
        for (size_t i = 0; i < count && asked[i] <= r; ++i) {
            const size_t m = asked[i];
            taken += rate[m] * (static_cast<double>(m * step) + worth[r - m]);
            rates += rate[m];
        }
        worth[r] = static_cast<float>(taken / rates);
    }
}

} // namespace fragmentation
