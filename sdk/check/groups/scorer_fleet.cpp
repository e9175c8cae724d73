#include "scorer_fleet.hpp"

#include <cstring>

namespace check {
namespace {

const std::vector<double> &values(const std::vector<Fleet::Column> &columns, const char *name) {
    static const std::vector<double> none;
    for (const auto &c : columns)
        if (std::strcmp(c.name, name) == 0) return c.values;
    return none;
}

} // namespace

Fleet::Fleet(std::mt19937_64 &random, size_t workload_count, size_t candidate_count)
    : candidate_rows(candidate_count), workload_rows(workload_count) {
    const auto pick = [&](std::initializer_list<double> of) { return of.begin()[random() % of.size()]; };
    const auto between = [&](double low, double high) {
        return low + (high - low) * static_cast<double>(random() % 1000) / 1000.0;
    };
    const auto column = [](std::vector<Column> &into, const char *name, size_t rows, int32_t type, auto &&make) {
        into.push_back({name, type, {}});
        for (size_t r = 0; r < rows; ++r) into.back().values.push_back(make(r));
    };
    auto &c = candidates;
    const size_t n = candidate_count;
    column(c, "gpu.total", n, RIG_COL_F64, [&](size_t) { return pick({1, 2, 4, 8, 8}); });
    column(c, "gpu.free", n, RIG_COL_F64,
           [&](size_t r) { return static_cast<double>(random() % (static_cast<uint64_t>(c[0].values[r]) + 1)); });
    const std::vector<double> free = c[1].values, total = c[0].values;
    column(c, "gpu.model", n, RIG_COL_U32, [&](size_t) { return static_cast<double>(random() % 6); });
    column(c, "gpu.milli_free", n, RIG_COL_F64, [&](size_t r) { return free[r] * 1000; });
    column(c, "node.price", n, RIG_COL_F64, [&](size_t) { return between(0.2, 4.0); });
    column(c, "node.gpus_free", n, RIG_COL_F64, [&](size_t r) { return free[r]; });
    column(c, "node.gpus_total", n, RIG_COL_F64, [&](size_t r) { return total[r]; });
    column(c, "node.tee", n, RIG_COL_F64, [&](size_t) { return pick({0, 0, 0, 1}); });
    column(c, "node.locked", n, RIG_COL_F64, [&](size_t) { return 0; });
    column(c, "node.disk_free_gb", n, RIG_COL_F64, [&](size_t) { return pick({-1, 100, 900, 4000}); });
    column(c, "node.cpu_free_milli", n, RIG_COL_F64, [&](size_t) { return pick({-1, 8000, 96000}); });
    column(c, "node.memory_free_mib", n, RIG_COL_F64, [&](size_t) { return pick({-1, 65536, 1048576}); });
    column(c, "node.failures", n, RIG_COL_F64, [&](size_t) { return pick({0, 0, 0, 1, 3}); });
    column(c, "node.index", n, RIG_COL_U32, [&](size_t r) { return static_cast<double>(r); });
    static constexpr const char *cards[] = {"gpu.milli_0",  "gpu.milli_1",  "gpu.milli_2",  "gpu.milli_3",
                                            "gpu.milli_4",  "gpu.milli_5",  "gpu.milli_6",  "gpu.milli_7",
                                            "gpu.milli_8",  "gpu.milli_9",  "gpu.milli_10", "gpu.milli_11",
                                            "gpu.milli_12", "gpu.milli_13", "gpu.milli_14", "gpu.milli_15"};
    for (size_t i = 0; i < 16; ++i)
        column(c, cards[i], n, RIG_COL_F64, [&](size_t r) { return static_cast<double>(i) < free[r] ? 1000 : 0; });
    auto &w = workloads;
    const size_t m = workload_count;
    column(w, "gpu.count", m, RIG_COL_F64, [&](size_t) { return pick({1, 1, 2, 4, 8}); });
    column(w, "gpu.milli", m, RIG_COL_F64, [&](size_t) { return 1000; });
    column(w, "offer.multiplier", m, RIG_COL_F64, [&](size_t) { return between(0.1, 3.0); });
    column(w, "offer.compute_time", m, RIG_COL_F64, [&](size_t) { return between(100, 90000); });
    column(w, "offer.invocations", m, RIG_COL_F64, [&](size_t) { return between(1, 5000); });
    column(w, "offer.rate_limits", m, RIG_COL_F64, [&](size_t) { return pick({0, 0, 7, 120}); });
    column(w, "offer.instances", m, RIG_COL_F64, [&](size_t) { return pick({0, 1, 3, 12}); });
    column(w, "offer.local_instances", m, RIG_COL_F64, [&](size_t) { return pick({0, 0, 1}); });
    column(w, "offer.private", m, RIG_COL_F64, [&](size_t) { return pick({0, 0, 1}); });
    column(w, "offer.tee", m, RIG_COL_F64, [&](size_t) { return pick({0, 0, 0, 1}); });
    column(w, "disk.gb", m, RIG_COL_F64, [&](size_t) { return pick({10, 50}); });
    column(w, "cpu.milli", m, RIG_COL_F64, [&](size_t) { return pick({0, 4000}); });
    column(w, "memory.mib", m, RIG_COL_F64, [&](size_t) { return pick({0, 8192}); });
}

Fleet Fleet::reordered(const std::vector<uint32_t> &order) const {
    Fleet out = *this;
    out.candidate_rows = order.size();
    for (size_t i = 0; i < candidates.size(); ++i) {
        out.candidates[i].values.clear();
        for (const uint32_t r : order) out.candidates[i].values.push_back(candidates[i].values[r]);
    }
    return out;
}

Fleet Fleet::only_workload(size_t w) const {
    Fleet out = *this;
    out.workload_rows = 1;
    for (auto &c : out.workloads) c.values = {c.values[w]};
    return out;
}

double Fleet::candidate(const char *name, size_t row) const { return values(candidates, name)[row]; }
double Fleet::workload(const char *name, size_t row) const { return values(workloads, name)[row]; }

rig::testing::ScoreTable Fleet::table(const rig_placement_scorer &scorer) const {
    rig::testing::ScoreTable t(scorer, workload_rows, candidate_rows);
    for (const auto &c : candidates) t.candidate(c.name, c.values);
    for (const auto &c : workloads) t.workload(c.name, c.values);
    t.mix(0.2, 1, 1000, 4000, 8192)
        .mix(0.4, 1, 250, 2000, 4096)
        .mix(0.1, 8, 1000, 64000, 262144, 5)
        .mix(0.3, 0, 0, 4000, 8192);
    return t;
}

} // namespace check
