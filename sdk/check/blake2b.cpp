#include "blake2b.hpp"

#include <array>
#include <cstdint>
#include <cstring>

namespace check {
namespace {

using State = std::array<uint64_t, 8>;
constexpr State kInitial = {0x6a09e667f3bcc908u, 0xbb67ae8584caa73bu, 0x3c6ef372fe94f82bu,
                            0xa54ff53a5f1d36f1u, 0x510e527fade682d1u, 0x9b05688c2b3e6c1fu,
                            0x1f83d9abfb41bd6bu, 0x5be0cd19137e2179u}; // RFC 7693, 2.6
constexpr uint8_t kSigma[10][16] = {                                   // RFC 7693, 2.7
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};

uint64_t rotate(uint64_t x, int n) { return (x >> n) | (x << (64 - n)); }

void compress(State &h, const unsigned char *block, uint64_t count, bool last) {
    uint64_t v[16], m[16];
    std::memcpy(m, block, sizeof m); // little-endian, as is every machine this runs on
    for (size_t i = 0; i < 8; ++i) v[i] = h[i], v[i + 8] = kInitial[i];
    v[12] ^= count;
    if (last) v[14] = ~v[14];
    const auto mix = [&](size_t a, size_t b, size_t c, size_t d, uint64_t x, uint64_t y) {
        v[a] += v[b] + x, v[d] = rotate(v[d] ^ v[a], 32), v[c] += v[d], v[b] = rotate(v[b] ^ v[c], 24);
        v[a] += v[b] + y, v[d] = rotate(v[d] ^ v[a], 16), v[c] += v[d], v[b] = rotate(v[b] ^ v[c], 63);
    };
    for (size_t round = 0; round < 12; ++round) {
        const uint8_t *s = kSigma[round % 10];
        for (size_t i = 0; i < 4; ++i) mix(i, i + 4, i + 8, i + 12, m[s[2 * i]], m[s[2 * i + 1]]);
        for (size_t i = 0; i < 4; ++i)
            mix(i, (i + 1) % 4 + 4, (i + 2) % 4 + 8, (i + 3) % 4 + 12, m[s[2 * i + 8]], m[s[2 * i + 9]]);
    }
    for (size_t i = 0; i < 8; ++i) h[i] ^= v[i] ^ v[i + 8];
}

} // namespace

std::string blake2b_256(std::string_view bytes) {
    State h = kInitial;
    h[0] ^= 0x01010000u ^ 32u;
    uint64_t count = 0;
    unsigned char block[128];
    do {
        const size_t n = bytes.size() < sizeof block ? bytes.size() : sizeof block;
        std::memset(block, 0, sizeof block);
        std::memcpy(block, bytes.data(), n);
        bytes.remove_prefix(n);
        count += n;
        compress(h, block, count, bytes.empty());
    } while (!bytes.empty());
    static constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    for (size_t i = 0; i < 32; ++i) {
        const auto byte = static_cast<unsigned>(h[i / 8] >> (i % 8 * 8)) & 0xffu;
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
    }
    return out;
}

} // namespace check
