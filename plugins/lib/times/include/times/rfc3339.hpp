// times/rfc3339.hpp -- wall times as documents write them. Pure. [any]
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace times {

using WallNs = std::int64_t; ///< nanoseconds since the Unix epoch

/// "2026-01-02T03:04:05.678Z"; whole seconds without a fraction.
std::string to_rfc3339(WallNs at);

/// UTC only ("Z" or "+00:00"), to the nanosecond; nullopt: not in that form.
std::optional<WallNs> parse_rfc3339(std::string_view text);

} // namespace times
