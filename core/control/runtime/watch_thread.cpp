#include "control/runtime/watch_thread.hpp"

#include "base/random.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace rigger {

struct WatchThread::State {
    Duties duties;
    WatchTimes times;
    const Clock &clock;
    Random random;

    std::mutex lock;
    std::condition_variable changed;
    std::atomic<uint32_t> cancelled{0};
    bool stopping = false, relist = false, ended = false;
};

WatchThread::WatchThread(Duties duties, WatchTimes times, const Clock &clock, uint64_t seed)
    : state_(new State{std::move(duties), times, clock, Random(seed), {}, {}, {0}, false, false, false}) {
    std::thread([state = state_] { run(state); }).detach();
}

WatchThread::~WatchThread() { cancel(); }

void WatchThread::run(const std::shared_ptr<State> &state) {
    unsigned attempts = 0;
    bool fresh = true;
    std::unique_lock hold(state->lock);
    while (!state->stopping) {
        state->cancelled.store(0);
        state->relist = false;
        const MonoTime begun = state->clock.monotonic();
        hold.unlock();
        const CallContext call{MonoTime{UINT64_MAX}, &state->cancelled};
        Status status = state->duties.watch(call, fresh);
        hold.lock();
        fresh = false;
        if (state->stopping) break;
        if (state->relist) {
            fresh = true;
            continue;
        }
        if (state->clock.monotonic() - begun >= state->times.stable) attempts = 0;
        ++attempts;
        const Error why =
            status.ok() ? Error{Code::unavailable, "WatchEnded", "the watch returned", 0} : status.error();
        hold.unlock();
        state->duties.ended(why, attempts);
        hold.lock();
        Duration pause = state->times.first;
        for (unsigned i = 1; i < attempts && pause < state->times.cap; ++i) pause *= 2;
        pause = std::min(pause, state->times.cap);
        pause = std::max(
            Duration(static_cast<int64_t>(static_cast<double>(pause.count()) * (0.5 + 0.5 * state->random.unit()))),
            Duration(std::chrono::milliseconds(why.retry_after_ms)));
        state->changed.wait_for(hold, pause, [&] { return state->stopping || state->relist; });
        fresh = fresh || state->relist;
    }
    state->ended = true;
    state->changed.notify_all();
}

void WatchThread::relist() {
    const std::lock_guard hold(state_->lock);
    state_->relist = true;
    state_->cancelled.store(1);
    state_->changed.notify_all();
}

void WatchThread::cancel() {
    const std::lock_guard hold(state_->lock);
    state_->stopping = true;
    state_->cancelled.store(1);
    state_->changed.notify_all();
}

bool WatchThread::stop(Duration patience) {
    cancel();
    std::unique_lock hold(state_->lock);
    return state_->changed.wait_for(hold, patience, [&] { return state_->ended; });
}

} // namespace rigger
