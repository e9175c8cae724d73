// hash.hpp -- fixed hash functions: ids and simulated chances must not change between builds or machines.
#pragma once
#include <cstdint>
#include <string_view>

namespace cluster_local {

/// The finaliser of splitmix64: spreads every input bit over all output bits.
constexpr uint64_t mix(uint64_t x) noexcept {
    x += 0x9e3779b97f4a7c15ULL;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}
/// FNV-1a (64 bit) from a seed, finalised with mix().
constexpr uint64_t hash(std::string_view text, uint64_t seed = 0) noexcept {
    uint64_t h = 0xcbf29ce484222325ULL ^ mix(seed);
    for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    return mix(h);
}
/// 0 <= x < 1.
constexpr double unit(uint64_t h) noexcept { return static_cast<double>(h >> 11) * 0x1p-53; }

} // namespace cluster_local
