#include "control/runtime/effect_pool.hpp"

#include "control/control_metrics.hpp"
#include "domain/ports/tests/remembered_metrics.hpp"

#include <atomic>
#include <gtest/gtest.h>
#include <latch>
#include <semaphore>
#include <thread>

namespace rigger {
namespace {
using namespace std::chrono_literals;

class StandingClock final : public Clock {
public:
    WallTime wall() const override { return {}; }
    MonoTime monotonic() const override { return {now.load()}; }
    std::atomic<uint64_t> now{1};
};

/// Whoever asks it for a backend waits until he is let go.
class HangingPorts final : public PortTable {
public:
    explicit HangingPorts(std::ptrdiff_t calls) : begun(calls) {}
    std::shared_ptr<ValidatorSource> source(const SourceName &) const override { return nullptr; }
    std::shared_ptr<ClusterBackend> backend(const std::string &) const override {
        begun.count_down();
        let_go.acquire();
        return nullptr;
    }
    std::vector<std::shared_ptr<ClusterBackend>> backends() const override { return {}; }
    std::vector<std::shared_ptr<Reconciler>> reconcilers() const override { return {}; }
    Planner &planner() const override { std::abort(); }
    mutable std::latch begun;
    mutable std::counting_semaphore<> let_go{0};
};

Effect effect_with(EffectId id, Duration hard_limit) {
    Effect effect{id, 1s, RecognizeEffect{ClusterName("local/local"), "node"}};
    effect.hard_limit = hard_limit;
    return effect;
}

TEST(EffectPool, GivesACallUpWhenTheLoopDoes_AlsoAfterTheLimitChanged) {
    StandingClock clock;
    RememberedMetrics registry;
    ControlMetrics metrics(registry);
    const auto ports = std::make_shared<HangingPorts>(2);
    EffectPool pool(ports, clock, metrics, {2, 2}, [](const EffectDone &) {});
    pool.submit(effect_with(1, 60s));
    pool.submit(effect_with(2, 5s)); // launched after a reload
    ports->begun.wait();
    clock.now += 10'000'000'000;
    pool.tend();
    EXPECT_EQ(pool.lost(), 1u);
    clock.now += 60'000'000'000;
    pool.tend();
    EXPECT_EQ(pool.lost(), 2u);
    ports->let_go.release(2);
    while (pool.lost() > 0) std::this_thread::yield();
}

} // namespace
} // namespace rigger
