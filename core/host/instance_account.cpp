// What is held against an instance, what it is shown with, and when its breakers open.
#include "host/instance.hpp"
#include "host/services/handle.hpp"

#include <algorithm>
#include <array>

namespace rigger::host {

void Instance::misbehaved(const char *call, std::string_view reason, std::string_view what) {
    const std::lock_guard lock(mutex_);
    ++misbehaviours_;
    failed_locked(call, reason, what);
}

void Instance::disconnected() {
    const std::lock_guard lock(mutex_);
    watch_breaker_.failure(machinery_->clock.monotonic());
}

Status Instance::admit_watch() {
    if (!running())
        return Error{Code::unavailable, "NotRunning",
                     "plugin instance '" + setup_.name + "' is not running; see: rigger plugins list", 0};
    const MonoTime now = machinery_->clock.monotonic();
    const std::lock_guard lock(mutex_);
    if (watch_breaker_.retry_after(now).count() == 0) {
        (void)watch_breaker_.admit(now);
        watch_breaker_.neutral();
        return {};
    }
    return Error{
        Code::unavailable, "BreakerOpen",
        "watches of plugin instance '" + setup_.name + "' ended too often; the next try comes by itself",
        static_cast<uint32_t>(
            std::chrono::duration_cast<std::chrono::milliseconds>(watch_breaker_.retry_after(now)).count() + 1)};
}

void Instance::trip(std::string_view why) {
    const std::lock_guard lock(mutex_);
    note_error(std::string(why));
    breaker_.trip(machinery_->clock.monotonic());
}

void Instance::reset_breaker() {
    const std::lock_guard lock(mutex_);
    breaker_.reset();
    watch_breaker_.reset();
    recent_count_ = 0;
}

void Instance::set_state(PluginState state, std::string error) {
    const std::lock_guard lock(mutex_);
    if (state_ != state) since_ = machinery_->clock.wall();
    state_ = state;
    if (!error.empty()) note_error(std::move(error));
}

void Instance::note_error(std::string what) {
    last_error_ = std::move(what);
    last_error_at_ = machinery_->clock.wall();
    failed_at_ = machinery_->clock.monotonic();
}

InstanceAccount Instance::account() const {
    const MonoTime now = machinery_->clock.monotonic();
    const std::lock_guard lock(mutex_);
    InstanceAccount a{state_,      since_, breaker_.state(now), calls_,         failures_,   misbehaviours_,
                      Duration{0}, cpu_,   last_error_,         last_error_at_, std::nullopt};
    if (!last_error_.empty()) a.recovered = went_well_at_ > failed_at_;
    {
        const std::lock_guard handle_lock(handle_->mutex);
        if (!handle_->complaint.empty() && handle_->complained_at.ns >= last_error_at_.ns) {
            a.last_error = handle_->complaint;
            a.last_error_at = handle_->complained_at;
            a.recovered.reset();
        }
    }
    const auto watch = watch_breaker_.state(now);
    if (a.breaker == Breaker::State::closed && watch == Breaker::State::open) a.breaker = watch;
    if (a.state == PluginState::running && a.breaker != Breaker::State::closed) a.state = PluginState::degraded;
    const size_t n = std::min(recent_count_, recent_.size());
    if (n == 0) return a;
    std::array<int64_t, 128> sorted{};
    std::transform(recent_.begin(), recent_.begin() + static_cast<std::ptrdiff_t>(n), sorted.begin(),
                   [](const Recent &r) { return r.ns; });
    const size_t at = (n * 99 + 99) / 100 - 1;
    std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(at),
                     sorted.begin() + static_cast<std::ptrdiff_t>(n));
    a.p99 = Duration(sorted[at]);
    return a;
}

} // namespace rigger::host
