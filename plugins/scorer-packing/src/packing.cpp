#include "packing.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

// The wide clone computes the same products in the same order: equal bits on every machine.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define PACKING_CLONES __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define PACKING_CLONES
#endif

namespace packing {
namespace {

constexpr size_t block_rows = 512; // inverses of one block stay in the first-level cache while all jobs pass over them

/// 1 / free; 0 where nothing is free, and where free is no number.
PACKING_CLONES void invert(double *__restrict inverse, const double *__restrict free, size_t n) {
    for (size_t i = 0; i < n; ++i) inverse[i] = free[i] > 0 ? 1.0 / free[i] : 0.0;
}

/// The share that `wanted` takes; 0 where it is more than all. A hair beside 1 is rounding: 49 x (1/49).
PACKING_CLONES void share(double *__restrict out, const double *__restrict inverse, double wanted, size_t n) {
    constexpr double rounding = 1e-12;
    for (size_t i = 0; i < n; ++i) {
        const double s = wanted * inverse[i];
        out[i] = s < 1.0 - rounding ? s : (s <= 1.0 + rounding ? 1.0 : 0.0);
    }
}

struct Wish {
    double amount;
    bool shared; ///< in thousandths of GPUs, against gpu.milli_free
};

Wish wish(const rig::ScoreBatch &batch, size_t workload) {
    const double count = batch.workload(0)[workload];
    const rig::Column<double> milli = batch.workload(1);
    const bool shared = milli && milli[workload] < 1000 && batch.candidate(1);
    const double amount = shared ? count * milli[workload] : count;
    return {amount > 0 ? amount : 0, shared};
}

} // namespace

rig::Status PackingScorer::score(const rig::ScoreBatch &batch) {
    const size_t candidates = batch.candidates(), jobs = batch.workloads();
    const double *const whole = batch.candidate(0).data, *const milli = batch.candidate(1).data;
    double by_whole[block_rows], by_milli[block_rows];
    for (size_t from = 0; from < candidates; from += block_rows) {
        const size_t n = std::min(block_rows, candidates - from);
        invert(by_whole, whole + from, n);
        if (milli) invert(by_milli, milli + from, n);
        for (size_t w = 0; w < jobs; ++w) {
            const Wish wanted = wish(batch, w);
            share(batch.scores(w) + from, wanted.shared ? by_milli : by_whole, wanted.amount, n);
        }
    }
    return {};
}

rig::Result<std::string> PackingScorer::explain(const rig::ScoreBatch &batch, size_t workload, size_t candidate) {
    const Wish wanted = wish(batch, workload);
    const double free = batch.candidate(wanted.shared ? 1 : 0)[candidate];
    double inverse, result;
    invert(&inverse, &free, 1);
    share(&result, &inverse, wanted.amount, 1);
    const char *const unit = wanted.shared ? "milli-GPU" : "GPU";
    char text[512];
    std::snprintf(
        text, sizeof text,
        R"({"terms":[{"name":"wanted","value":%.17g,"unit":"%s"},{"name":"free","value":%.17g,"unit":"%s"},{"name":"score","value":%.17g,"unit":"1"}],)"
        R"("text":"takes %.6g of %.6g free %s here; %.6g stay free"})",
        wanted.amount, unit, std::isfinite(free) ? free : 0, unit, result, wanted.amount, free, unit,
        std::max(0.0, free - wanted.amount));
    return std::string(text);
}

} // namespace packing
