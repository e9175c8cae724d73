// core/host/kinds/detachable.hpp -- something of the caller that a plugin calls back into, until the caller leaves.
#pragma once
#include "host/guard/crash.hpp"
#include "host/instance.hpp"

#include <rigger/abi/base.h>

#include <mutex>

namespace rigger::host {

/// The caller detaches before he returns; a plugin that was given up and calls later is told CANCELLED.
template <typename T> class Detachable {
public:
    explicit Detachable(T &target) : target_(&target) {}
    void detach() {
        const std::lock_guard lock(mutex_);
        target_ = nullptr;
    }
    /// Runs body(target) in the host's time; nothing escapes. body answers a Status.
    template <typename Body> rig_code with(const Clock &clock, Body &&body) noexcept {
        const HostTime ours;
        const InHost host;
        if (GuardedCall *call = current_call()) call->beat(clock.monotonic());
        rig_code code = RIG_E_INTERNAL;
        try {
            const std::lock_guard lock(mutex_);
            if (!target_) return RIG_E_CANCELLED;
            const Status s = body(*target_);
            code = s.ok() ? RIG_OK : static_cast<rig_code>(s.error().code);
        } catch (const std::bad_alloc &) { code = RIG_E_EXHAUSTED; } catch (...) {
        }
        if (GuardedCall *call = current_call()) call->beat(clock.monotonic());
        return code;
    }

private:
    std::mutex mutex_;
    T *target_;
};

/// Detaches when the calling scope ends.
template <typename T> class DetachAtEnd {
public:
    explicit DetachAtEnd(Detachable<T> &d) : d_(d) {}
    ~DetachAtEnd() { d_.detach(); }
    DetachAtEnd(const DetachAtEnd &) = delete;
    DetachAtEnd &operator=(const DetachAtEnd &) = delete;

private:
    Detachable<T> &d_;
};

} // namespace rigger::host
