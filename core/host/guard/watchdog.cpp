#include "host/guard/watchdog.hpp"

#include <pthread.h>

#include <algorithm>

namespace rigger::host {
namespace {
using namespace std::chrono_literals;
constexpr auto pass_with_calls = 10ms;   ///< precision of deadlines
constexpr auto pass_with_watches = 50ms; ///< only watches run: how soon their callers' wish to stop is passed on
constexpr auto pass_when_idle = 1000ms;
constexpr Duration last_grace = 250ms; ///< for each call once the process should have ended
} // namespace

Watchdog::Watchdog(const Clock &clock, std::function<MonoTime(MonoTime)> tick)
    : clock_(clock), tick_(std::move(tick)) {}
Watchdog::~Watchdog() { stop(); }

void Watchdog::add(const std::shared_ptr<GuardedCall> &call) {
    bool notify = false;
    {
        const std::lock_guard lock(mutex_);
        calls_.push_back(call);
        if (call->open_ended) ++open_ended_;
        notify = long_sleep_;
        if (notify) woken_ = true;
    }
    if (notify) wake_.notify_one();
}

void Watchdog::remove(const std::shared_ptr<GuardedCall> &call) {
    const std::lock_guard lock(mutex_);
    const auto at = std::find(calls_.begin(), calls_.end(), call);
    if (at == calls_.end()) return;
    if (call->open_ended) --open_ended_;
    *at = std::move(calls_.back());
    calls_.pop_back();
}

size_t Watchdog::active() const {
    const std::lock_guard lock(mutex_);
    return calls_.size();
}

void Watchdog::look_at(const std::shared_ptr<GuardedCall> &call, MonoTime now) {
    GuardedCall &c = *call;
    bool give_up = false;
    {
        const std::lock_guard lock(c.mutex);
        const auto phase = c.phase.load(std::memory_order_relaxed);
        if (phase != GuardedCall::Phase::queued && phase != GuardedCall::Phase::running) return;
        const bool silent = c.heartbeat.count() > 0 && phase == GuardedCall::Phase::running &&
                            now - MonoTime{c.last_beat_ns.load(std::memory_order_relaxed)} > c.heartbeat;
        const bool wanted = c.caller_cancelled && c.caller_cancelled->load(std::memory_order_relaxed) != 0;
        if (c.cancelled.load(std::memory_order_relaxed) == 0 && (wanted || silent || now.ns >= c.soft_deadline_ns)) {
            c.cancelled.store(1, std::memory_order_relaxed);
            c.cancelled_at = now;
        }
        if (phase == GuardedCall::Phase::queued) {
            if (c.cancelled.load(std::memory_order_relaxed) == 0) return;
            c.phase = GuardedCall::Phase::skipped; // its turn never came
        } else {
            const bool by_cancel = c.open_ended || c.stopping;
            const bool counting = !by_cancel || c.cancelled.load(std::memory_order_relaxed) != 0;
            const MonoTime from = by_cancel ? c.cancelled_at : c.started_at;
            const Duration limit = ending(now) ? std::min(c.hard, last_grace) : c.hard;
            if (c.hard.count() == 0 || !counting || now - from < limit ||
                c.in_host.load(std::memory_order_relaxed) != 0)
                return;
            c.phase = GuardedCall::Phase::given_up;
            c.ended_at = now;
            c.worker->lost = true; // here, so that a thread that comes back this moment knows it too
            give_up = true;
        }
    }
    c.changed.notify_all();
    remove(call);
    if (!give_up) return;
    c.lane->give_up(c.worker);
    if (c.on_given_up) c.on_given_up(call);
}

void Watchdog::scan() {
    std::vector<std::shared_ptr<GuardedCall>> calls;
    {
        const std::lock_guard lock(mutex_);
        calls = calls_;
    }
    const MonoTime now = clock_.monotonic();
    for (const auto &call : calls) look_at(call, now);
    const MonoTime next = tick_ ? tick_(now) : MonoTime{UINT64_MAX};
    const std::lock_guard lock(mutex_);
    next_tick_ = next;
}

void Watchdog::forgive(MonoTime before, Duration lost) {
    std::vector<std::shared_ptr<GuardedCall>> calls;
    {
        const std::lock_guard lock(mutex_);
        calls = calls_;
    }
    for (const auto &call : calls) {
        const std::lock_guard lock(call->mutex);
        const auto shift = [&](MonoTime &t) {
            if (t <= before) t = t + lost;
        };
        shift(call->queued_at);
        shift(call->started_at);
        shift(call->cancelled_at);
        MonoTime beat{call->last_beat_ns.load(std::memory_order_relaxed)};
        shift(beat);
        call->beat(beat);
        if (call->soft_deadline_ns != UINT64_MAX) call->soft_deadline_ns += static_cast<uint64_t>(lost.count());
    }
}

void Watchdog::start() {
    const std::lock_guard lock(mutex_);
    if (thread_.joinable()) return;
    thread_ = std::thread([this] { loop(); });
}

void Watchdog::loop() {
    ::pthread_setname_np(::pthread_self(), "plugin-watchdog");
    for (MonoTime seen = clock_.monotonic(); true;) {
        if (const Duration lost = clock_.monotonic() - seen - pass_when_idle; lost.count() > 0) forgive(seen, lost);
        scan();
        const MonoTime now = seen = clock_.monotonic();
        std::unique_lock lock(mutex_);
        Duration pause = calls_.size() > open_ended_ ? Duration(pass_with_calls)
                         : open_ended_ > 0           ? Duration(pass_with_watches)
                                                     : Duration(pass_when_idle);
        if (next_tick_.ns != UINT64_MAX) pause = std::min(pause, next_tick_ > now ? next_tick_ - now : Duration(1ms));
        long_sleep_ = pause > pass_with_calls;
        wake_.wait_for(lock, std::max(pause, Duration(1ms)), [this] { return stopping_ || woken_; });
        const bool woken = woken_;
        woken_ = long_sleep_ = false;
        if (stopping_) return;
        // A call that has just begun needs no look before its shortest deadline.
        if (woken) wake_.wait_for(lock, pass_with_calls, [this] { return stopping_; });
        if (stopping_) return;
    }
}

void Watchdog::end_by(MonoTime when) {
    ending_by_.store(when.ns, std::memory_order_relaxed);
    wake();
}

void Watchdog::wake() {
    {
        const std::lock_guard lock(mutex_);
        if (!long_sleep_) return;
        woken_ = true;
    }
    wake_.notify_one();
}

void Watchdog::stop() {
    std::thread thread;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        thread.swap(thread_);
    }
    wake_.notify_all();
    if (thread.joinable()) thread.join();
}

} // namespace rigger::host
