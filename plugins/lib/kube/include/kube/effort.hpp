// kube/effort.hpp -- time as a parameter, and how long a caller is ready to wait.
#pragma once
#include <rigger/sdk/status.hpp>

#include <cstdint>
#include <functional>

namespace kube {

constexpr uint64_t second_ns = 1'000'000'000, never = UINT64_MAX;

class Clock {
public:
    virtual ~Clock() = default;
    virtual uint64_t mono_ns() const = 0; ///< never goes back
    virtual int64_t wall_ns() const = 0;  ///< since the Unix epoch
};

/// Every wait and every read is cut into slices of 100 ms, and this is asked in between. Copyable; the clock must
/// outlive it.
struct Effort {
    const Clock *clock = nullptr;
    uint64_t deadline_ns = never; ///< on Clock::mono_ns
    std::function<bool()> cancelled;

    /// CANCELLED (Cancelled), or UNAVAILABLE (Timeout): an effect that was on its way is unknown then, and may be tried
    /// again.
    rig::Status check() const;
    /// The same with a nearer deadline, if it is nearer.
    Effort within(uint64_t span_ns) const;
    /// Waits. Fails as check() does when that comes first.
    rig::Status pause(uint64_t span_ns) const;
};

} // namespace kube
