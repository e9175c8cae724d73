// api/time.hpp -- metav1.Time: RFC 3339 in UTC with whole seconds.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cluster_local {

std::string rfc3339(int64_t wall_ns);
/// nullopt: not a UTC time of that form (a fraction of a second is accepted and dropped).
std::optional<int64_t> parse_rfc3339(std::string_view);

} // namespace cluster_local
