// bench/placement/placement_bench.cpp -- how long ranking, planning and following a change take, with scorers in plain
// C++.
#include "domain/placement/engine.hpp"
#include "domain/placement/standing_pairs.hpp"
#include "domain/placement/testing/random_market.hpp"
#include "domain/placement/testing/scorers.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
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

/// One offer or server of the snapshot becomes another.
std::shared_ptr<Snapshot> with_offer_changed(const Snapshot &before, RandomMarket &random) {
    auto next = std::make_shared<Snapshot>(before);
    const auto at = static_cast<size_t>(random.below(static_cast<int>(before.offers.size())));
    auto changed = std::make_shared<Offer>(*before.offers[at]);
    changed->economics.total_compute_time = random.uniform(0, 100000);
    next->offers.set(at, changed);
    return next;
}
std::shared_ptr<Snapshot> with_server_changed(const Snapshot &before, RandomMarket &random, size_t at, double taken,
                                              bool new_price) {
    auto next = std::make_shared<Snapshot>(before);
    auto changed = std::make_shared<Server>(*before.servers[at]);
    for (Gpu &gpu : changed->gpus) gpu.deployment = DeploymentId(random.chance(taken) ? "taken" : "");
    if (new_price) changed->hourly_cost = random.uniform(0.2, 4);
    next->servers.set(at, changed);
    return next;
}

void count(benchmark::State &state, std::vector<double> &micros) {
    std::sort(micros.begin(), micros.end());
    state.counters["p50_us"] = micros[micros.size() / 2];
    state.counters["p99_us"] = micros[micros.size() * 99 / 100];
    state.counters["max_us"] = micros.back();
}

enum class What { offer, server, best_server };

/// From a snapshot in which one thing changed to the pair that is placed next, over single changes of the given sort.
void one_change(benchmark::State &state, What what) {
    RandomMarket random(3);
    SnapshotPtr snapshot = random.snapshot(fleet_of(10000, 10000, 8, 8, 4));
    TwoCores cores;
    const auto set = ScorerSet::make(profit());
    std::vector<Workbench> benches(2);
    const PlanTools tools{*set, cores, benches};
    LiveBoard live{PlacementRules{}};
    StandingPairs standing;
    const auto next_pair = [&](const SnapshotPtr &to) -> Result<std::optional<Candidate>> {
        RIG_TRY_ASSIGN(const LiveBoard::Change change, live.sync(to, *set, benches[0].scratch));
        standing.note(change);
        RIG_TRY_ASSIGN(BestPairs *const pairs, standing.up_to_date(live.board(), tools));
        return pairs->best(live.board());
    };
    auto best = next_pair(snapshot);
    if (!best.ok()) return state.SkipWithError("no start");
    std::vector<double> micros;
    for (auto _ : state) {
        SnapshotPtr next;
        if (what == What::offer) {
            next = with_offer_changed(*snapshot, random);
        } else if (what == What::server) {
            const auto at = static_cast<size_t>(random.below(static_cast<int>(snapshot->servers.size())));
            next = with_server_changed(*snapshot, random, at, 0.4, true);
        } else { // the server of the best pair itself changes, as it does when something was placed on it
            const Fleet &fleet = live.board().fleet;
            const ServerPtr &server = fleet.server_at(fleet.server_of((*best)->row)).server;
            const auto at = std::find(snapshot->servers.begin(), snapshot->servers.end(), server);
            next =
                with_server_changed(*snapshot, random, static_cast<size_t>(at - snapshot->servers.begin()), 0.4, false);
        }
        const auto start = std::chrono::steady_clock::now();
        best = next_pair(next);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        if (!best.ok() || !*best) return state.SkipWithError("nothing to place");
        micros.push_back(took.count() * 1e6);
        state.SetIterationTime(took.count());
        snapshot = next;
    }
    count(state, micros);
}
BENCHMARK_CAPTURE(one_change, offer, What::offer)->Unit(benchmark::kMicrosecond)->UseManualTime()->Iterations(3000);
BENCHMARK_CAPTURE(one_change, server, What::server)->Unit(benchmark::kMicrosecond)->UseManualTime()->Iterations(3000);
BENCHMARK_CAPTURE(one_change, best_server, What::best_server)
    ->Unit(benchmark::kMicrosecond)
    ->UseManualTime()
    ->Iterations(2000);

/// The daemon's own question, on a fleet that is full: does anything fit now that this server changed? Every eighth
/// time one GPU of it is free, for which there is an offer, and the plan says which.
void plan_after_one_change(benchmark::State &state) {
    RandomMarket random(5);
    SnapshotPtr snapshot = random.snapshot(fleet_of(10000, 10000, 8, 8, 4));
    auto full = std::make_shared<Snapshot>(*snapshot);
    for (size_t i = 0; i < full->servers.size(); ++i) full = with_server_changed(*full, random, i, 1, false);
    snapshot = full;
    TwoCores cores;
    PlacementEngine engine({}, &cores);
    if (!engine.set_scorers(profit()).ok() || !engine.plan(snapshot).ok()) return state.SkipWithError("no start");
    std::vector<double> micros;
    size_t placed = 0, round = 0;
    for (auto _ : state) {
        const auto at = static_cast<size_t>(random.below(static_cast<int>(snapshot->servers.size())));
        const SnapshotPtr next = with_server_changed(*snapshot, random, at, round++ % 8 == 0 ? 0.875 : 1, true);
        const auto start = std::chrono::steady_clock::now();
        const auto plan = engine.plan(next);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        if (!plan.ok()) return state.SkipWithError("no plan");
        placed += plan->placements.size();
        micros.push_back(took.count() * 1e6);
        state.SetIterationTime(took.count());
        snapshot = full;
    }
    count(state, micros);
    state.counters["placed"] = static_cast<double>(placed);
}
BENCHMARK(plan_after_one_change)->Unit(benchmark::kMicrosecond)->UseManualTime()->Iterations(2000);

void plan(benchmark::State &state, size_t offers, size_t servers, bool packing) {
    RandomMarket random(4);
    MarketShape shape = fleet_of(offers, servers, 8, 6, 3);
    shape.prices = packing ? 8 : 0;
    // In turns, so that every plan begins with columns and scores of its own.
    const SnapshotPtr snapshots[]{random.snapshot(shape), random.snapshot(shape)};
    PlacementRules rules;
    rules.improvement_steps = 0; // best pair first alone; bench/plan measures the exchanges
    PlacementEngine engine(rules);
    if (!engine.set_scorers(packing ? profit_and_packing() : profit()).ok())
        return state.SkipWithError("scorers refused");
    size_t placed = 0, round = 0;
    for (auto _ : state) {
        const auto made = engine.plan(snapshots[round++ % 2]);
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
