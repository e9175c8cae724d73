#include "base/random.hpp"

namespace rigger {

uint64_t Random::next() noexcept {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

std::string make_uuid(Random &random) {
    constexpr char hex[] = "0123456789abcdef";
    uint64_t high = random.next(), low = random.next();
    high = (high & ~0xf000ULL) | 0x4000ULL;
    low = (low & ~(3ULL << 62)) | (2ULL << 62);
    std::string text(36, '-');
    size_t at = 0;
    for (int nibble = 0; nibble < 32; ++nibble) {
        if (at == 8 || at == 13 || at == 18 || at == 23) ++at;
        const uint64_t half = nibble < 16 ? high : low;
        text[at++] = hex[(half >> (60 - 4 * (nibble % 16))) & 0xf];
    }
    return text;
}

} // namespace rigger
