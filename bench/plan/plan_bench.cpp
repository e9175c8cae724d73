// bench/plan/plan_bench.cpp -- the plan with its bound: how long it takes and how much of the optimum it may miss, over
// random markets.
#include "domain/placement/engine.hpp"
#include "domain/placement/testing/random_market.hpp"
#include "domain/placement/testing/scorers.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <vector>

namespace rigger::placement {
namespace {

/// Offers of 1, 2, 4 and 8 GPUs on 8-GPU servers of `models` models, up to `per_offer` of them admissible; every price
/// is another.
void plan_with_bound(benchmark::State &state, int models, int per_offer) {
    testing::MarketShape shape;
    shape.offers = 1000;
    shape.servers = 2000;
    shape.models = models;
    shape.models_per_offer = per_offer;
    shape.gpus_per_server = 8;
    shape.fixed_gpus = shape.plain = true;
    shape.prices = 0;
    std::vector<double> gaps, best_first, seconds;
    uint64_t seed = 0;
    for (auto _ : state) {
        const auto snapshot = testing::RandomMarket(++seed).snapshot(shape);
        PlacementEngine engine;
        if (!engine.set_scorers({{std::make_shared<testing::ProfitScorer>(), {}}}).ok())
            return state.SkipWithError("scorers refused");
        const auto start = std::chrono::steady_clock::now();
        const auto plan = engine.plan(snapshot);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        state.SetIterationTime(took.count());
        if (!plan.ok() || !plan->per_hour) return state.SkipWithError("no bound");
        seconds.push_back(took.count());
        gaps.push_back(100 * plan->per_hour->gap());
        best_first.push_back(100 * (1 - plan->per_hour->best_first / plan->per_hour->at_most));
    }
    const auto mean = [](const std::vector<double> &all) {
        return std::accumulate(all.begin(), all.end(), 0.0) / static_cast<double>(all.size());
    };
    std::sort(gaps.begin(), gaps.end());
    state.counters["gap_mean_percent"] = mean(gaps);
    state.counters["gap_p99_percent"] = gaps[gaps.size() * 99 / 100];
    state.counters["gap_best_first_percent"] = mean(best_first);
    state.counters["slowest_seconds"] = *std::max_element(seconds.begin(), seconds.end());
}
BENCHMARK_CAPTURE(plan_with_bound, twenty_models, 20, 8)
    ->Unit(benchmark::kMillisecond)
    ->UseManualTime()
    ->Iterations(100);
BENCHMARK_CAPTURE(plan_with_bound, six_models, 6, 3)->Unit(benchmark::kMillisecond)->UseManualTime()->Iterations(100);

} // namespace
} // namespace rigger::placement

BENCHMARK_MAIN();
