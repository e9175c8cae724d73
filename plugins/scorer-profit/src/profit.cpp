#include "profit.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

// The wide clone computes the same products in the same order: equal bits on every machine.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define PROFIT_CLONES __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define PROFIT_CLONES
#endif

namespace profit {
namespace {

constexpr size_t block_rows =
    512; // inverse prices of one block stay in the first-level cache while all offers pass over them

PROFIT_CLONES void invert(double *__restrict inverse, const double *__restrict price, double floor, size_t n) {
    for (size_t i = 0; i < n; ++i) inverse[i] = 1.0 / (price[i] < floor ? floor : price[i]); // NaN stays NaN
}

PROFIT_CLONES void scale(double *__restrict out, const double *__restrict inverse, double factor, size_t n) {
    for (size_t i = 0; i < n; ++i) out[i] = factor * inverse[i];
}

/// A worth beyond reason, or none at all, is no worth: the offer's numbers cannot be right.
double finite_or_abstain(double value) { return std::fabs(value) < 1e300 ? value : NAN; }

} // namespace

ProfitScorer::ProfitScorer(rig::Host, std::string_view config) {
    auto parsed = parse_config(config);
    if (parsed.ok()) config_ = *parsed;
    else problem_ = parsed.error();
}

rig::Status ProfitScorer::start() { return problem_; }

template <typename Table> ProfitScorer::Offer ProfitScorer::offer(const Table &t, size_t row) {
    return {t.workload(0)[row], t.workload(1)[row], t.workload(2)[row],     t.workload(3)[row],
            t.workload(4)[row], t.workload(5)[row], t.workload(6)[row] != 0};
}

double ProfitScorer::gain(const Offer &o) {
    const double units = o.compute_time * o.multiplier;
    const double calls = o.calls == 0 ? 1 : o.calls;
    const double limited = o.instances >= 5 ? o.rate_limits / 5 : o.rate_limits;
    return (units + (units / calls) * limited) / (o.instances + 1);
}

double ProfitScorer::per_dollar(const Offer &o) const {
    const double gpus = o.gpus > 0 ? o.gpus : 1; // work without a GPU still occupies a server
    switch (config_.mode) {
    case Mode::raw_multiplier: return o.multiplier;
    case Mode::multiplier: return o.multiplier / gpus;
    case Mode::usage: break;
    }
    return (o.is_private ? 3600 * o.multiplier * config_.private_factor : gain(o)) / gpus;
}

rig::Status ProfitScorer::score(const rig::ScoreBatch &batch) {
    const double *const price = batch.candidate(0).data;
    const size_t candidates = batch.candidates(), offers = batch.workloads();
    const rig_score_batch &raw = batch.raw();
    const bool by_price = config_.mode != Mode::raw_multiplier;

    if (raw.select && raw.select_count * 8 < candidates) { // few rows are left: visit only those
        for (size_t w = 0; w < offers; ++w) {
            const double factor = finite_or_abstain(per_dollar(offer(batch, w)));
            double *const out = batch.scores(w);
            for (uint64_t i = 0; i < raw.select_count; ++i) {
                const uint32_t c = raw.select[i];
                double inverse = 1;
                if (by_price) invert(&inverse, price + c, config_.cost_floor, 1);
                out[c] = factor * inverse;
            }
        }
        return {};
    }

    double inverse[block_rows];
    std::fill_n(inverse, block_rows, 1.0);
    for (size_t from = 0; from < candidates; from += block_rows) {
        const size_t n = std::min(block_rows, candidates - from);
        if (by_price) invert(inverse, price + from, config_.cost_floor, n);
        for (size_t w = 0; w < offers; ++w)
            scale(batch.scores(w) + from, inverse, finite_or_abstain(per_dollar(offer(batch, w))), n);
    }
    return {};
}

rig::Status ProfitScorer::appraise(const rig::WorkloadTable &table, double *values) {
    for (size_t w = 0; w < table.workloads(); ++w) {
        const Offer o = offer(table, w);
        values[w] = finite_or_abstain(config_.mode == Mode::usage ? gain(o) : o.multiplier);
    }
    return {};
}

rig::Result<std::string> ProfitScorer::explain(const rig::ScoreBatch &batch, size_t workload, size_t candidate) {
    const Offer o = offer(batch, workload);
    const double price = batch.candidate(0)[candidate];
    double inverse = 1;
    if (config_.mode != Mode::raw_multiplier) invert(&inverse, &price, config_.cost_floor, 1);
    const double value = finite_or_abstain(per_dollar(o)) * inverse;

    std::string terms, text;
    char buffer[256];
    const auto term = [&](const char *name, double number, const char *of) {
        if (!std::isfinite(number))
            std::snprintf(buffer, sizeof buffer, R"(%s{"name":"%s","value":null,"unit":"%s"})",
                          terms.empty() ? "" : ",", name, of);
        else
            std::snprintf(buffer, sizeof buffer, R"(%s{"name":"%s","value":%.17g,"unit":"%s"})",
                          terms.empty() ? "" : ",", name, number, of);
        terms += buffer;
    };
    if (config_.mode == Mode::usage && !o.is_private) {
        term("computeTime", o.compute_time, "s/h");
        term("multiplier", o.multiplier, "1");
        term("rateLimits", o.rate_limits, "1/h");
        term("calls", o.calls, "1/h");
        term("instances", o.instances, "1");
        term("gain", gain(o), "compute-unit/h");
        std::snprintf(buffer, sizeof buffer, "instance %.0f of a public offer would earn %.6g compute units per hour",
                      o.instances + 1, gain(o));
    } else if (config_.mode == Mode::usage) {
        term("multiplier", o.multiplier, "1");
        term("privateFactor", config_.private_factor, "1");
        std::snprintf(buffer, sizeof buffer, "a private instance earns %.6g compute units per hour",
                      3600 * o.multiplier * config_.private_factor);
    } else {
        term("multiplier", o.multiplier, "1");
        std::snprintf(buffer, sizeof buffer, "the compute multiplier is %.6g", o.multiplier);
    }
    text = buffer;
    if (config_.mode != Mode::raw_multiplier) {
        term("gpuCount", o.gpus, "1");
        term("price", std::max(price, config_.cost_floor), "USD/GPU-hour");
        std::snprintf(buffer, sizeof buffer, "; %.0f GPUs cost %.6g USD per hour here", o.gpus,
                      std::max(price, config_.cost_floor) * o.gpus);
        text += buffer;
    }
    term("score", value, unit);
    return R"({"terms":[)" + terms + R"(],"text":")" + text + R"("})";
}

} // namespace profit
