// How long a scorer takes per pair, measured on the plugin files themselves, loaded as the host loads them and called
// through their tables. Counter ns_per_pair; the scores of one block of offers stay in the second-level cache, as in
// the host's use.
#include <rigger/sdk/testing.hpp>

#include <benchmark/benchmark.h>

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <random>

namespace {

using rig::testing::FakeHost;
using rig::testing::Instance;
using rig::testing::ScoreTable;

const rig_plugin &load(const char *file) {
    void *const library = ::dlopen(file, RTLD_NOW | RTLD_LOCAL);
    const void *const plugin = library ? ::dlsym(library, "rig_plugin_v1") : nullptr;
    if (!plugin) {
        std::fprintf(stderr, "cannot load %s: %s\n", file, ::dlerror());
        std::exit(1);
    }
    return *static_cast<const rig_plugin *>(plugin);
}

/// A random market and fleet for any scorer's columns.
ScoreTable market(const rig_placement_scorer &scorer, size_t offers, size_t servers) {
    std::mt19937_64 random(1);
    const auto column = [&](size_t n, double from, double to, bool whole) {
        std::vector<double> values(n);
        for (double &v : values) {
            v = std::uniform_real_distribution<double>(from, to)(random);
            if (whole) v = static_cast<double>(static_cast<long>(v));
        }
        return values;
    };
    ScoreTable table(scorer, offers, servers);
    table.candidate("node.price", column(servers, 0.1, 5, false))
        .candidate("gpu.free", column(servers, 0, 9, true))
        .candidate("gpu.milli_free", column(servers, 0, 8000, true));
    table.workload("gpu.count", column(offers, 1, 9, true)).workload("gpu.milli", std::vector<double>(offers, 1000));
    table.workload("offer.multiplier", column(offers, 0.05, 5, false))
        .workload("offer.compute_time", column(offers, 0, 1e6, false));
    table.workload("offer.invocations", column(offers, 0, 5000, true))
        .workload("offer.rate_limits", column(offers, 0, 400, true));
    table.workload("offer.instances", column(offers, 0, 40, true))
        .workload("offer.private", column(offers, 0, 1.2, true));
    return table;
}

void score(benchmark::State &state, const char *file, const char *config) {
    const auto offers = static_cast<size_t>(state.range(0)), servers = static_cast<size_t>(state.range(1));
    FakeHost host;
    auto made = Instance::create(load(file), host, config);
    if (!made.ok() || !made->start().ok()) return state.SkipWithError("the scorer does not start");
    const auto &scorer = *made->table<rig_placement_scorer>(RIG_KIND_PLACEMENT_SCORER);
    ScoreTable table = market(scorer, offers, servers);
    const rig_score_batch batch = table.batch();
    const rig::testing::FakeCall call;
    rig_error error = rig::detail::fresh_error();
    for (auto _ : state) {
        if (scorer.score(made->raw(), call.raw(), &batch, &error) != RIG_OK) return state.SkipWithError(error.message);
        benchmark::ClobberMemory();
    }
    state.counters["ns_per_pair"] =
        benchmark::Counter(static_cast<double>(offers * servers) * 1e-9,
                           benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void shapes(benchmark::internal::Benchmark *b) { b->Args({1, 10000})->Args({16, 2048})->Args({64, 10000}); }

BENCHMARK_CAPTURE(score, profit, PROFIT_FILE, "{}")->Apply(shapes);
BENCHMARK_CAPTURE(score, profit_raw_multiplier, PROFIT_FILE, R"({"mode":"raw-multiplier"})")->Args({16, 2048});
BENCHMARK_CAPTURE(score, packing, PACKING_FILE, "{}")->Apply(shapes);

} // namespace

BENCHMARK_MAIN();
