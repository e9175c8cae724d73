// core/domain/placement/block_mask.hpp -- compares a block of 64 values at once: what mass filtering and scanning spend
// their time on.
#pragma once
#include "domain/placement/column_catalogue.hpp"

#include <cstdint>
#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace rigger::placement {

/// Is any of the block's values >= least? NaN is not.
inline bool any_at_least(const double *values, double least) noexcept {
#if defined(__SSE2__)
    const __m128d limit = _mm_set1_pd(least);
    __m128d a = _mm_setzero_pd(), b = a, c = a, d = a;
    for (size_t j = 0; j < block_rows; j += 8) {
        a = _mm_or_pd(a, _mm_cmpge_pd(_mm_loadu_pd(values + j), limit));
        b = _mm_or_pd(b, _mm_cmpge_pd(_mm_loadu_pd(values + j + 2), limit));
        c = _mm_or_pd(c, _mm_cmpge_pd(_mm_loadu_pd(values + j + 4), limit));
        d = _mm_or_pd(d, _mm_cmpge_pd(_mm_loadu_pd(values + j + 6), limit));
    }
    return _mm_movemask_pd(_mm_or_pd(_mm_or_pd(a, b), _mm_or_pd(c, d))) != 0;
#else
    bool any = false;
    for (size_t j = 0; j < block_rows; ++j) any |= values[j] >= least;
    return any;
#endif
}

/// Bit j: is values[j] >= least?
inline uint64_t at_least(const double *values, double least) noexcept {
    uint64_t word = 0;
#if defined(__SSE2__)
    const __m128d limit = _mm_set1_pd(least);
    for (unsigned j = 0; j < block_rows; j += 4) {
        const auto low = static_cast<unsigned>(_mm_movemask_pd(_mm_cmpge_pd(_mm_loadu_pd(values + j), limit)));
        const auto high = static_cast<unsigned>(_mm_movemask_pd(_mm_cmpge_pd(_mm_loadu_pd(values + j + 2), limit)));
        word |= static_cast<uint64_t>(low | high << 2) << j;
    }
#else
    for (unsigned j = 0; j < block_rows; ++j) word |= static_cast<uint64_t>(values[j] >= least) << j;
#endif
    return word;
}

} // namespace rigger::placement
