// core/base/time.hpp -- time is a parameter: nothing in base, domain or control reads a clock of its own.
#pragma once
#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rigger {

using Duration = std::chrono::nanoseconds;

/// Wall time, nanoseconds since the Unix epoch, UTC. For records and for people; may jump.
struct WallTime {
    int64_t ns = 0;
    friend auto operator<=>(const WallTime &, const WallTime &) = default;
};
/// Monotonic time, nanoseconds from an arbitrary start; never goes back; lost at restart. For ages and deadlines within
/// one run.
struct MonoTime {
    uint64_t ns = 0;
    friend auto operator<=>(const MonoTime &, const MonoTime &) = default;
};

inline double in_seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

inline Duration operator-(WallTime a, WallTime b) { return Duration(a.ns - b.ns); }
inline Duration operator-(MonoTime a, MonoTime b) { return Duration(static_cast<int64_t>(a.ns - b.ns)); }
inline WallTime operator+(WallTime t, Duration d) { return {t.ns + d.count()}; }
inline MonoTime operator+(MonoTime t, Duration d) { return {t.ns + static_cast<uint64_t>(d.count())}; }

/// RFC 3339 in UTC, e.g. "2026-01-02T03:04:05.678901Z" (microseconds, always 6 digits).
std::string to_rfc3339(WallTime t);
/// Accepts RFC 3339 with or without fraction and offset ("Z", "+00:00", none = UTC). nullopt: not a time.
std::optional<WallTime> parse_rfc3339(std::string_view text);

/// Both clocks, so that tests and the simulator drive them by hand.
class Clock {
public:
    virtual ~Clock() = default;
    virtual WallTime wall() const = 0;
    virtual MonoTime monotonic() const = 0;
};

} // namespace rigger
