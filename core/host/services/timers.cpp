#include "host/services/border.hpp"
#include "host/services/tables.hpp"

namespace rigger::host {
namespace {

/// A timer's number, which is known only after it was added: it may fire before that.
using TimerNumber = std::shared_ptr<const std::atomic<uint64_t>>;

/// On the strand, unless the instance has ended by then.
Status post_task(HostHandle &h, const char *name, bool on_worker, rig_task_fn fn, void *user) {
    const auto instance = h.instance.lock();
    if (!instance) return Error{Code::unavailable, "NotRunning", "the instance does not run", 0};
    return instance->post(name, on_worker, [handle = instance->handle_ref(), fn, user] {
        if (!handle->silenced.load(std::memory_order_acquire)) fn(user);
    });
}

/// On the strand, unless the instance has ended or the timer was cancelled by then. One that fires once is over with
/// it.
void fire(Instance &instance, rig_task_fn fn, void *user, const TimerNumber &number, bool once) {
    const auto due = [handle = instance.handle_ref(), number, once] {
        const std::lock_guard lock(handle->mutex);
        return once ? handle->timers.erase(number->load()) != 0 : handle->timers.contains(number->load());
    };
    const Status posted = instance.post("timer", false, [handle = instance.handle_ref(), due, fn, user] {
        if (!handle->silenced.load(std::memory_order_acquire) && due()) fn(user);
    });
    if (!posted.ok() && once) (void)due();
}

rig_code after(const rig_host *host, uint64_t delay, uint64_t period, rig_task_fn fn, void *user, uint64_t *timer,
               rig_error *error) noexcept {
    return serve(host, RIG_SERVICE_TIMERS, error, [&](HostHandle &h) -> Status {
        constexpr uint64_t longest = uint64_t{366} * 86'400 * 1'000'000'000;
        if (!fn || !timer) return invalid("CallbackMissing", "the callback or the place for the timer is NULL");
        if (delay > longest || period > longest) return invalid("SpanTooLong", "a timer runs for at most a year");
        if (period != 0 && period < 1'000'000) return invalid("PeriodTooShort", "a period has at least 1 ms");
        const auto instance = h.instance.lock();
        if (!instance || h.silenced.load())
            return Error{Code::unavailable, "NotRunning", "the instance does not run", 0};
        const auto number = std::make_shared<std::atomic<uint64_t>>(0);
        const std::lock_guard lock(h.mutex);
        if (h.timers.size() >= HostHandle::max_timers)
            return Error{Code::exhausted, "TooManyTimers", "an instance may have 4096 timers at a time", 0};
        const uint64_t id = h.machinery->timers.add(
            h.machinery->clock.monotonic() + Duration(static_cast<int64_t>(delay)),
            Duration(static_cast<int64_t>(period)), [weak = h.instance, number, fn, user, once = period == 0] {
                if (const auto i = weak.lock()) fire(*i, fn, user, number, once);
            });
        number->store(id);
        h.timers.insert(id);
        *timer = id;
        h.machinery->watchdog.wake();
        return {};
    });
}

void cancel_timer(const rig_host *host, uint64_t timer) noexcept {
    (void)serve(host, RIG_SERVICE_TIMERS, nullptr, [&](HostHandle &h) -> Status {
        {
            const std::lock_guard lock(h.mutex);
            if (h.timers.erase(timer) == 0) return {};
        }
        h.machinery->timers.cancel(timer);
        return {};
    });
}

rig_code post(const rig_host *host, rig_task_fn fn, void *user, rig_error *error) noexcept {
    return serve(host, RIG_SERVICE_TIMERS, error, [&](HostHandle &h) -> Status {
        if (!fn) return invalid("CallbackMissing", "the callback is NULL");
        return post_task(h, "post", false, fn, user);
    });
}

rig_code post_worker(const rig_host *host, rig_task_fn fn, void *user, rig_error *error) noexcept {
    return serve(host, RIG_SERVICE_TIMERS, error, [&](HostHandle &h) -> Status {
        if (!fn) return invalid("CallbackMissing", "the callback is NULL");
        return post_task(h, "post_worker", true, fn, user);
    });
}
} // namespace

const rig_timers *timers_table() noexcept {
    static constexpr rig_timers table{sizeof(rig_timers), &after, &cancel_timer, &post, &post_worker};
    return &table;
}

} // namespace rigger::host
