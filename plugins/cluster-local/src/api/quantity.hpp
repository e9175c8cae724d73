// api/quantity.hpp -- Kubernetes resource quantities: "500m", "2", "1.5Gi", "10G", "1e3".
#pragma once
#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cluster_local {

using Json = nlohmann::json;

/// What a pod asks for, or a node has.
struct Resources {
    int64_t cpu_milli = 0, memory = 0, storage = 0, gpus = 0; ///< memory and ephemeral-storage in bytes
    Resources &operator+=(const Resources &o) noexcept;
    Resources &operator-=(const Resources &o) noexcept;
};

/// The value times `scale` (1: whole units, 1000: thousandths), rounded up, saturating. nullopt: not a quantity, or
/// negative.
std::optional<int64_t> parse_quantity(std::string_view text, int64_t scale = 1);
/// Of a JSON string or number.
std::optional<int64_t> parse_quantity(const Json &value, int64_t scale = 1);
/// The four resources of a requests/limits/capacity object; unreadable or missing members count as 0.
Resources resources_of(const Json &object);

/// The compact text form in which records index resources, and back.
std::string to_index(const Resources &);
Resources from_index(std::string_view);

} // namespace cluster_local
