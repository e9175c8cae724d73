#include "control/runtime/effect_pool.hpp"

#include "control/control_metrics.hpp"

#include <algorithm>
#include <condition_variable>
#include <list>
#include <map>
#include <mutex>
#include <thread>

namespace rigger {
namespace {

struct Running {
    std::string port;
    MonoTime overdue; ///< deadline and hard limit
    bool lost = false;
    std::atomic<uint32_t> cancelled{0};
};

} // namespace

/// Shared with the workers, so that one that comes back late finds everything it touches.
struct EffectPool::State {
    std::shared_ptr<const PortTable> ports;
    const Clock &clock;
    ControlMetrics &metrics;
    Limits limits;
    std::function<void(EffectDone)> on_done;

    mutable std::mutex lock;
    std::condition_variable work, changed;
    std::list<Effect> queue;
    std::list<std::shared_ptr<Running>> running;
    size_t threads = 0, idle = 0, lost = 0, reporting = 0;
    bool stopping = false;

    size_t running_on(const std::string &port, bool lost_ones) const {
        return static_cast<size_t>(std::count_if(
            running.begin(), running.end(), [&](const auto &r) { return r->port == port && r->lost == lost_ones; }));
    }
    /// The first effect whose port has room.
    std::list<Effect>::iterator next() {
        return std::find_if(queue.begin(), queue.end(),
                            [&](const Effect &e) { return running_on(effect_port(e), false) < limits.per_port; });
    }
};

EffectPool::EffectPool(std::shared_ptr<const PortTable> ports, const Clock &clock, ControlMetrics &metrics,
                       Limits limits, std::function<void(EffectDone)> on_done)
    : state_(new State{
          std::move(ports), clock, metrics, limits, std::move(on_done), {}, {}, {}, {}, {}, 0, 0, 0, 0, false}) {}

EffectPool::~EffectPool() { stop(Duration::zero()); }

void EffectPool::submit(Effect effect) {
    std::unique_lock hold(state_->lock);
    if (state_->stopping) return;
    const std::string port = effect_port(effect);
    if (state_->running_on(port, true) >= state_->limits.per_port) {
        // Every thread that this port may cost is lost already: it gets no more until one of them returns.
        hold.unlock();
        state_->on_done(
            {effect.id, Error{Code::unavailable, "PluginHangs",
                              "all calls into " + port + " hang; restart the plugin or the daemon", 30'000}});
        return;
    }
    state_->queue.push_back(std::move(effect));
    spawn_if_useful(state_);
    hold.unlock();
    state_->work.notify_one();
}

/// With the lock held.
void EffectPool::spawn_if_useful(const std::shared_ptr<State> &state) {
    if (state->idle > 0 || state->queue.empty() || state->threads >= state->limits.threads) return;
    ++state->threads;
    std::thread([state] { work(state); }).detach();
}

void EffectPool::work(const std::shared_ptr<State> &state) {
    std::unique_lock hold(state->lock);
    for (;;) {
        auto at = state->next();
        if (state->stopping) break;
        if (at == state->queue.end()) {
            ++state->idle;
            state->work.wait(hold);
            --state->idle;
            continue;
        }
        const Effect effect = std::move(*at);
        state->queue.erase(at);
        if (left_too_late(effect, state->clock.monotonic())) {
            ++state->reporting;
            hold.unlock();
            state->on_done(not_sent(effect));
            hold.lock();
            --state->reporting;
            state->changed.notify_all();
            continue;
        }
        auto running = std::make_shared<Running>();
        running->port = effect_port(effect);
        const MonoTime begun = state->clock.monotonic();
        const CallContext call{begun + effect.timeout, &running->cancelled};
        running->overdue = call.deadline + effect.hard_limit;
        state->running.push_back(running);
        spawn_if_useful(state);
        hold.unlock();
        EffectDone done = perform(effect, *state->ports, call);
        hold.lock();
        state->running.remove(running);
        if (running->lost) { // given up long ago: another thread took this one's place, and nobody waits for the answer
            --state->lost;
            state->changed.notify_all();
            return;
        }
        if (state->stopping) break;
        ++state->reporting;
        hold.unlock();
        state->metrics.effect(effect_name(effect), done.result ? "ok" : code_name(done.result.error().code),
                              in_seconds(state->clock.monotonic() - begun));
        state->on_done(std::move(done));
        hold.lock();
        --state->reporting;
        state->changed.notify_all();
        state->work.notify_one();
    }
    --state->threads;
    state->changed.notify_all();
}

void EffectPool::tend() {
    const std::lock_guard hold(state_->lock);
    const MonoTime now = state_->clock.monotonic();
    for (const auto &running : state_->running) {
        if (running->lost || now < running->overdue) continue;
        running->lost = true;
        running->cancelled.store(1);
        ++state_->lost;
        --state_->threads;
        spawn_if_useful(state_);
    }
}

bool EffectPool::wait_idle(const std::string &port, Duration patience) {
    std::unique_lock hold(state_->lock);
    return state_->changed.wait_for(
        hold, patience, [&] { return state_->running_on(port, false) + state_->running_on(port, true) == 0; });
}

bool EffectPool::stop(Duration patience) {
    std::unique_lock hold(state_->lock);
    state_->stopping = true;
    state_->queue.clear();
    for (const auto &running : state_->running) running->cancelled.store(1);
    state_->work.notify_all();
    const bool all = state_->changed.wait_for(hold, patience, [&] { return state_->threads == 0; });
    state_->changed.wait(hold, [&] { return state_->reporting == 0; }); // what it calls does not block
    return all && state_->lost == 0;
}

size_t EffectPool::waiting() const {
    const std::lock_guard hold(state_->lock);
    return state_->queue.size();
}

size_t EffectPool::lost() const {
    const std::lock_guard hold(state_->lock);
    return state_->lost;
}

} // namespace rigger
