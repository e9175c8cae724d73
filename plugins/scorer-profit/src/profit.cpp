#include "profit.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

// The wide clone computes the same quotients: equal bits on every machine.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define PROFIT_CLONES __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define PROFIT_CLONES
#endif

namespace profit {
namespace {

/// worth / (price x GPUs), rounded as the reference rounds it: a product with 1 / price would be quicker, and would put
/// pairs that are worth the same now before and now behind each other. NaN stays NaN.
PROFIT_CLONES void divide(double *__restrict out, const double *__restrict price, double floor, double gpus,
                          double worth, size_t n) {
    for (size_t i = 0; i < n; ++i) out[i] = worth / ((price[i] < floor ? floor : price[i]) * gpus);
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

double ProfitScorer::worth(const Offer &o) const {
    if (config_.mode != Mode::usage) return o.multiplier;
    return o.is_private ? 3600 * o.multiplier * config_.private_factor : gain(o);
}

void ProfitScorer::score_rows(const Offer &o, const double *price, double *out, size_t n) const {
    const double all = finite_or_abstain(worth(o));
    const double gpus = o.gpus > 0 ? o.gpus : 1; // work without a GPU still occupies a server
    if (config_.mode == Mode::raw_multiplier) std::fill_n(out, n, all);
    else divide(out, price, config_.cost_floor, gpus, all, n);
}

rig::Status ProfitScorer::score(const rig::ScoreBatch &batch) {
    const double *const price = batch.candidate(0).data;
    const rig_score_batch &raw = batch.raw();
    const bool few = raw.select && raw.select_count * 8 < batch.candidates(); // visit only the rows that are left
    for (size_t w = 0; w < batch.workloads(); ++w) {
        const Offer o = offer(batch, w);
        double *const out = batch.scores(w);
        if (!few) score_rows(o, price, out, batch.candidates());
        else
            for (uint64_t i = 0; i < raw.select_count; ++i)
                score_rows(o, price + raw.select[i], out + raw.select[i], 1);
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
    double value = NAN;
    score_rows(o, &price, &value, 1);

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
