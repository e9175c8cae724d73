// SHA-1 (FIPS 180-4), for name-based UUIDs only: nothing here is a security measure.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace chutes {
std::array<std::uint8_t, 20> sha1(std::string_view data);
}
