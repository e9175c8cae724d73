#include "engine/clock/system_clock.hpp"

#include <time.h>

namespace rigger {
namespace {
int64_t read(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now); // cannot fail for these clocks on Linux
    return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}
} // namespace

WallTime SystemClock::wall() const { return {read(CLOCK_REALTIME)}; }
MonoTime SystemClock::monotonic() const { return {static_cast<uint64_t>(read(CLOCK_BOOTTIME))}; }

} // namespace rigger
