// bench/placement/placement_bench.cpp -- how long ranking, planning and following a change take, with scorers in plain
// C++.
#include "domain/placement/engine.hpp"
#include "domain/placement/incremental.hpp"
#include "domain/placement/testing/random_market.hpp"
#include "domain/placement/testing/scorers.hpp"

#include <benchmark/benchmark.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace rigger::placement {
namespace {

using testing::MarketShape;
using testing::PackingScorer;
using testing::ProfitScorer;
using testing::RandomMarket;

/// One extra thread beside the caller, as the daemon has.
class TwoCores final : public ChunkExecutor {
public:
    size_t width() const noexcept override { return 2; }
    void run(size_t chunks, const std::function<void(size_t, size_t)> &task) override {
        std::atomic<size_t> next{0};
        const auto work = [&](size_t worker) {
            for (size_t chunk = next++; chunk < chunks; chunk = next++) task(chunk, worker);
        };
        std::thread other(work, 1);
        work(0);
        other.join();
    }
};

std::vector<ScorerBinding> profit() { return {{std::make_shared<ProfitScorer>(), {}}}; }
std::vector<ScorerBinding> profit_and_packing() {
    return {{std::make_shared<ProfitScorer>(), {}}, {std::make_shared<PackingScorer>(1.0), {}}};
}

MarketShape fleet_of(size_t offers, size_t servers, int gpus, int models, int models_per_offer) {
    MarketShape shape;
    shape.offers = offers;
    shape.servers = servers;
    shape.models = models;
    shape.models_per_offer = models_per_offer;
    shape.gpus_per_server = gpus;
    shape.fixed_gpus = shape.plain = true;
    shape.prices = 0;
    return shape;
}

/// `fresh`: every round brings a snapshot that shares nothing with the last, so that the columns are built anew too.
void scales(benchmark::State &state, bool fresh) {
    MarketShape shape = fleet_of(500, 100, 4, 6, 2);
    RandomMarket random(1);
    std::vector<SnapshotPtr> snapshots;
    for (int i = 0; i < 4; ++i) snapshots.push_back(random.snapshot(shape));
    PlacementEngine engine;
    if (!engine.set_scorers(profit()).ok()) return state.SkipWithError("scorers refused");
    size_t round = 0, pairs = 0;
    for (auto _ : state) {
        const auto ranking = engine.rank_pairs(snapshots[fresh ? round++ % snapshots.size() : 0]);
        pairs = ranking->items.size();
        benchmark::DoNotOptimize(ranking);
    }
    state.counters["pairs"] = static_cast<double>(pairs);
}
BENCHMARK_CAPTURE(scales, same_snapshot, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(scales, fresh_snapshot, true)->Unit(benchmark::kMillisecond);

void full_pass(benchmark::State &state, int models_per_offer, int models) {
    RandomMarket random(2);
    const auto snapshot = random.snapshot(fleet_of(10000, 10000, 8, models, models_per_offer));
    TwoCores cores;
    const auto set = ScorerSet::make(profit());
    LiveBoard live{PlacementRules{}};
    std::vector<Workbench> benches(2);
    if (!live.sync(snapshot, *set, benches[0].scratch).ok()) return state.SkipWithError("no board");
    BestPairs pairs(16, *set, cores, benches);
    for (auto _ : state)
        if (!pairs.score_all(live.board()).ok()) return state.SkipWithError("pass failed");
    double feasible = 0;
    for (OfferIndex offer = 0; offer < live.board().market.size(); ++offer)
        for (const uint32_t segment : live.board().market.at(offer).segments)
            feasible += live.board().fleet.segments()[segment].used;
    state.counters["feasible_pairs"] = feasible;
    state.counters["kept"] = static_cast<double>(pairs.kept_pairs());
}
BENCHMARK_CAPTURE(full_pass, eight_models_up_to_four_each, 4, 8)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();
BENCHMARK_CAPTURE(full_pass, every_pair_feasible, 1, 1)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

/// p50 and p99 of follow() + best(), over single changes of the given sort.
void one_change(benchmark::State &state, bool offers, bool hot) {
    RandomMarket random(3);
    MarketShape shape = fleet_of(10000, 10000, 8, 8, 4);
    SnapshotPtr snapshot = random.snapshot(shape);
    TwoCores cores;
    auto incremental = IncrementalPlacement::make({}, profit(), &cores);
    if (!incremental.ok() || !(*incremental)->follow(snapshot).ok()) return state.SkipWithError("no start");
    std::vector<double> micros;
    for (auto _ : state) {
        auto next = std::make_shared<Snapshot>(*snapshot);
        if (offers) {
            const auto at = static_cast<size_t>(random.below(10000));
            auto changed = std::make_shared<Offer>(*next->offers[at]);
            changed->economics.total_compute_time = random.uniform(0, 100000);
            next->offers[at] = changed;
        } else {
            size_t at = static_cast<size_t>(random.below(10000));
            // Hot: the server of the best pair itself changes, as it does when something was placed on it.
            if (hot) {
                const auto best = (*incremental)->best();
                for (size_t i = 0; i < next->servers.size(); ++i)
                    if (next->servers[i] == (*best)->server) at = i;
            }
            auto changed = std::make_shared<Server>(*next->servers[at]);
            for (Gpu &gpu : changed->gpus) gpu.deployment = DeploymentId(random.chance(0.4) ? "taken" : "");
            if (!hot) changed->hourly_cost = random.uniform(0.2, 4);
            next->servers[at] = changed;
        }
        const auto start = std::chrono::steady_clock::now();
        if (!(*incremental)->follow(next).ok()) return state.SkipWithError("follow failed");
        benchmark::DoNotOptimize((*incremental)->best());
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        micros.push_back(took.count() * 1e6);
        state.SetIterationTime(took.count());
        snapshot = next;
    }
    std::sort(micros.begin(), micros.end());
    state.counters["p50_us"] = micros[micros.size() / 2];
    state.counters["p99_us"] = micros[micros.size() * 99 / 100];
    state.counters["max_us"] = micros.back();
}
BENCHMARK_CAPTURE(one_change, offer, true, false)->Unit(benchmark::kMicrosecond)->UseManualTime()->Iterations(3000);
BENCHMARK_CAPTURE(one_change, server, false, false)->Unit(benchmark::kMicrosecond)->UseManualTime()->Iterations(3000);
BENCHMARK_CAPTURE(one_change, best_server, false, true)
    ->Unit(benchmark::kMicrosecond)
    ->UseManualTime()
    ->Iterations(2000);

void plan(benchmark::State &state, size_t offers, size_t servers, bool packing) {
    RandomMarket random(4);
    MarketShape shape = fleet_of(offers, servers, 8, 6, 3);
    shape.prices = packing ? 8 : 0;
    const auto snapshot = random.snapshot(shape);
    PlacementRules rules;
    rules.improvement_steps = 0; // best pair first alone; bench/plan measures the exchanges
    PlacementEngine engine(rules);
    if (!engine.set_scorers(packing ? profit_and_packing() : profit()).ok())
        return state.SkipWithError("scorers refused");
    size_t placed = 0;
    for (auto _ : state) {
        const auto made = engine.plan(snapshot);
        placed = made->placements.size();
        benchmark::DoNotOptimize(made);
    }
    state.counters["placed"] = static_cast<double>(placed);
    state.counters["placed_per_second"] =
        benchmark::Counter(static_cast<double>(placed), benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK_CAPTURE(plan, fill_1000_servers, 500, 1000, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(plan, fill_1000_servers_with_packing, 500, 1000, true)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(plan, fill_5000_servers, 1000, 5000, false)->Unit(benchmark::kMillisecond);

} // namespace
} // namespace rigger::placement

BENCHMARK_MAIN();
