#include "fgd.hpp"

#include <cmath>
#include <map>
#include <tuple>

namespace baseline {

constexpr double covered = 0.95, never = 1e9;

void Fgd::follow(const rig::ScoreBatch &batch) {
    if (known_ && mix_id_ == batch.mix_id()) return;
    known_ = true;
    mix_id_ = batch.mix_id();
    std::map<std::tuple<double, double, double, uint64_t>, double> kinds; // memory plays no part
    for (size_t i = 0; i < batch.mix_kinds(); ++i)
        kinds[{batch.mix(RIG_MIX_CPU_MILLI)[i], batch.mix(RIG_MIX_GPU_COUNT)[i], batch.mix(RIG_MIX_GPU_MILLI)[i],
               static_cast<uint64_t>(batch.mix_models()[i])}] += batch.mix(RIG_MIX_SHARE)[i];
    struct Typical {
        double cpu, count, milli, share;
        uint64_t models;
    };
    std::vector<Typical> typical;
    for (const auto &[kind, share] : kinds) {
        const auto &[cpu, count, milli, models] = kind;
        typical.push_back({cpu, count, milli, share, models});
    }
    std::stable_sort(typical.begin(), typical.end(),
                     [](const Typical &a, const Typical &b) { return a.share > b.share; });
    double sum = 0;
    size_t keep = 0;
    while (keep < typical.size() && sum < covered) sum += typical[keep++].share;
    for (auto *column : {&cpu_, &count_, &milli_, &share_}) column->clear();
    models_.clear();
    for (size_t i = 0; i < keep; ++i) {
        cpu_.push_back(typical[i].cpu);
        count_.push_back(typical[i].count > 0 ? typical[i].count : never); // a task without GPUs uses none
        milli_.push_back(typical[i].milli);
        share_.push_back(typical[i].share / sum);
        models_.push_back(typical[i].models);
    }
    const size_t padded = (keep + block - 1) / block * block;
    for (auto *column : {&cpu_, &count_, &milli_, &share_}) column->resize(padded, 0);
    models_.resize(padded, 0);
}

RIG_VECTORISED static double lost_milli(const Room &room, size_t n, const double *cpu, const double *count,
                                        const double *milli, const double *share, const uint64_t *models) {
    const double all = room.free_milli(), cpu_free = room.cpu < 0 ? 1e300 : room.cpu;
    const uint64_t bit = uint64_t{1} << std::min(room.model, 63u);
    double lost = 0;
    for (size_t from = 0; from < n; from += Fgd::block) {
        double small[Fgd::block] = {}, usable[Fgd::block] = {};
        for (int i = 0; i < room.count; ++i) {
            const double free = room.milli[i];
            for (size_t t = 0; t < Fgd::block; ++t) {
                const bool enough = free >= milli[from + t];
                usable[t] += enough ? 1.0 : 0.0;
                small[t] += enough ? 0.0 : free;
            }
        }
        for (size_t t = 0; t < Fgd::block; ++t) {
            const size_t at = from + t;
            const bool hosts = (cpu_free >= cpu[at]) & (usable[t] >= count[at]) & ((models[at] & bit) != 0);
            lost += share[at] * (hosts ? small[t] : all);
        }
    }
    return lost;
}

double Fgd::fragmentation(const Room &room) const {
    return lost_milli(room, cpu_.size(), cpu_.data(), count_.data(), milli_.data(), share_.data(), models_.data());
}

double Fgd::score(double before, double after) { return std::floor(100 / (1 + std::exp((after - before) / 1000))); }

} // namespace baseline
