// clock.hpp -- the host's time, as everything below the plugin's surface sees it. Nothing here reads the OS clock.
#pragma once
#include <cstdint>

namespace cluster_local {

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kNever = UINT64_MAX;

/// Thread-safe.
class Clock {
public:
    virtual ~Clock() = default;
    virtual uint64_t mono_ns() const = 0; ///< for spans and deadlines; never jumps
    virtual int64_t wall_ns() const = 0;  ///< since the Unix epoch; for timestamps in objects
};

inline uint64_t seconds(double s) noexcept { return s <= 0 ? 0 : static_cast<uint64_t>(s * 1e9); }

} // namespace cluster_local
