// core/engine/clock/system_clock.hpp -- the real clocks.
#pragma once
#include "base/time.hpp"

namespace rigger {

/// Monotonic time is CLOCK_BOOTTIME: it goes on while the machine sleeps, so a deadline does not stretch. Thread-safe.
class SystemClock final : public Clock {
public:
    WallTime wall() const override;
    MonoTime monotonic() const override;
};

} // namespace rigger
