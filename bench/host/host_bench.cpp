// bench/host/host_bench.cpp -- a scorer's cost per pair through the border, the border's cost alone, and how long
// loading takes.
#include "host/registry.hpp"

#include <benchmark/benchmark.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/null_sink.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <stdlib.h>

namespace rigger::host {
namespace {

class SystemClock final : public Clock {
public:
    WallTime wall() const override { return {std::chrono::system_clock::now().time_since_epoch().count()}; }
    MonoTime monotonic() const override {
        return {static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count())};
    }
};

class NoMetrics final : public Metrics {
public:
    Handle counter(std::string_view, std::string_view, const Labels &) override { return 0; }
    Handle gauge(std::string_view, std::string_view, const Labels &) override { return 0; }
    Handle histogram(std::string_view, std::string_view, std::span<const double>, const Labels &) override { return 0; }
    void add(Handle, double) override {}
    void set(Handle, double) override {}
    std::string exposition() const override { return {}; }
};

/// A registry with the three scorers of scorers.cpp in a directory that goes with it.
class House {
public:
    House() {
        std::string name = (std::filesystem::temp_directory_path() / "rigger-bench-XXXXXX").string();
        root = ::mkdtemp(name.data());
        std::filesystem::create_directories(root / "enabled");
        for (const char *component : {"fast", "plain", "empty"})
            std::ofstream(root / "enabled" / (std::string(component) + ".yaml"))
                << "plugin: com.example.bench\ncomponent: com.example.bench." << component << "\n";
        services.clock = &clock;
        services.metrics = &metrics;
        services.log = std::make_shared<spdlog::logger>("bench", std::make_shared<spdlog::sinks::null_sink_mt>());
        options.enabled_dir = root / "enabled";
        options.plugin_dirs = {RIGGER_BENCH_PLUGINS};
        options.state_dir = root / "state";
        options.check.cache_dir = root / "cache";
        options.check.probe = RIGGER_PROBE;
        options.install_crash_handler = false;
    }
    ~House() {
        registry.reset();
        std::filesystem::remove_all(root);
    }
    bool start() {
        auto opened = Registry::open(options, services);
        if (!opened.ok()) return false;
        registry = *std::move(opened);
        return registry->start().ok() && registry->live()->scorers.size() == 3;
    }
    std::shared_ptr<PlacementScorer> scorer(const std::string &name) const {
        for (const auto &s : registry->live()->scorers)
            if (s->traits().name == name) return s;
        return nullptr;
    }
    std::filesystem::path root;
    SystemClock clock;
    NoMetrics metrics;
    HostServices services;
    RegistryOptions options;
    std::unique_ptr<Registry> registry;
};

void score(benchmark::State &state, const char *name, size_t workloads, size_t candidates, bool owned) {
    House house;
    if (!house.start()) return state.SkipWithError("the registry did not start");
    const auto scorer = house.scorer(name);
    const size_t padded = (candidates + 7) / 8 * 8;
    struct Columns {
        std::vector<double> free, total, price, wanted;
    };
    const auto columns = std::make_shared<Columns>();
    for (size_t i = 0; i < padded; ++i) {
        columns->free.push_back(static_cast<double>(i % 9));
        columns->total.push_back(8);
        columns->price.push_back(0.5 + static_cast<double>(i % 7) * 0.1);
    }
    for (size_t i = 0; i < workloads; ++i) columns->wanted.push_back(static_cast<double>(1 + i % 8));
    columns->wanted.resize((workloads + 7) / 8 * 8);
    const std::vector<ColumnView> offered{{columns->free.data()}, {columns->total.data()}, {columns->price.data()}},
        asked{{columns->wanted.data()}};
    std::vector<double> scores(workloads * padded);
    ScoreBatchView batch;
    batch.candidates = {candidates, offered};
    batch.workloads = {workloads, asked};
    batch.stride = padded;
    batch.scores = scores.data();
    if (owned) batch.owner = columns;
    for (auto _ : state)
        if (const Status s = scorer->score(batch); !s.ok()) return state.SkipWithError(s.error().message.c_str());
    state.counters["ns_per_pair"] =
        benchmark::Counter(static_cast<double>(workloads * candidates) * 1e-9,
                           benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

BENCHMARK_CAPTURE(score, fast_16x10000, "fast", 16, 10'000, true)->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK_CAPTURE(score, fast_16x10000_columns_copied, "fast", 16, 10'000, false)
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(score, plain_16x10000, "plain", 16, 10'000, true)->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK_CAPTURE(score, border_16x10000, "empty", 16, 10'000, true)->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK_CAPTURE(score, fast_1x10000, "fast", 1, 10'000, true)->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK_CAPTURE(score, border_1x1, "empty", 1, 1, true)->Unit(benchmark::kMicrosecond)->UseRealTime();

/// From directories to three running instances; `warm`: the digest was probed before, as at every start but the first.
void load(benchmark::State &state, bool warm) {
    for (auto _ : state) {
        state.PauseTiming();
        auto house = std::make_unique<House>();
        if (warm && !house->start()) return state.SkipWithError("the registry did not start");
        house->registry.reset();
        state.ResumeTiming();
        const bool up = house->start();
        state.PauseTiming();
        if (!up) return state.SkipWithError("the registry did not start");
        house.reset();
        state.ResumeTiming();
    }
}
BENCHMARK_CAPTURE(load, first_time, false)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(load, known_digest, true)->Unit(benchmark::kMillisecond)->UseRealTime();

} // namespace
} // namespace rigger::host

BENCHMARK_MAIN();
