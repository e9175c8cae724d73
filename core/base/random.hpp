// core/base/random.hpp -- chance is a parameter: a run repeats from its seed.
#pragma once
#include <cstdint>
#include <string>

namespace rigger {

/// SplitMix64: small, good enough for jitter and ids, the same on every machine. Not for secrets. Not thread-safe.
class Random {
public:
    explicit Random(uint64_t seed) noexcept : state_(seed) {}
    uint64_t next() noexcept;
    /// Uniform in [0, bound); 0 when bound is 0.
    uint64_t below(uint64_t bound) noexcept { return bound ? next() % bound : 0; }
    /// Uniform in [0, 1).
    double unit() noexcept { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

private:
    uint64_t state_;
};

/// A random UUID, version 4, lower case with dashes.
std::string make_uuid(Random &random);

} // namespace rigger
