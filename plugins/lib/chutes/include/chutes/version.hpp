// chutes/version.hpp -- versions of the chutes runtime and of TEE images: only the leading X.Y.Z counts.
#pragma once
#include <compare>
#include <string_view>

namespace chutes {

/// "0.3.31", "0.3.31.rc1" and "0.3.31-dev" are equal. Empty or malformed text is 0.0.0. Pure. [any]
struct Version {
    int major = 0, minor = 0, patch = 0;
    auto operator<=>(const Version &) const = default;

    static Version parse(std::string_view text) noexcept;
};

namespace since {
inline constexpr Version launch_token{0, 3, 0};      ///< the launch-token flow
inline constexpr Version separate_log_port{0, 3, 3}; ///< readiness is asked on 8001
inline constexpr Version fetches_own_code{0, 3, 61}; ///< no code ConfigMap
inline constexpr Version attestation{0, 6, 0};       ///< port 8002, TEE only
inline constexpr Version xet_tuning{1, 3, 1};        ///< of the TEE image
} // namespace since

} // namespace chutes
