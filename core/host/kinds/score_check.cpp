#include "host/kinds/score_check.hpp"

#include <bit>
#include <limits>

// One clone for machines with AVX2 and one for all others; GCC and Clang choose at load time. Sanitizers do not know
// the chooser.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(RIGGER_SANITIZED)
#define RIG_CLONES __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define RIG_CLONES
#endif

namespace rigger::host {
namespace {
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
} // namespace

RIG_CLONES void preset_row(double *row, size_t n, size_t stride) noexcept {
    for (size_t i = 0; i < n; ++i) row[i] = nan;
    for (size_t i = n; i < stride; ++i) row[i] = std::bit_cast<double>(guard_bits);
}

RIG_CLONES ScoreFindings copy_row(double *__restrict to, const double *__restrict from, size_t n, double low,
                                  double high) noexcept {
    int64_t outside = 0, vetoes = 0;
    for (size_t i = 0; i < n; ++i) {
        const double v = from[i];
        to[i] = v;
        const int64_t veto = v == -infinity; // NaN compares false everywhere: an abstention is always fine
        outside += int64_t{(v < low) | (v > high)} & ~veto;
        vetoes += veto;
    }
    return {static_cast<uint64_t>(outside), static_cast<uint64_t>(vetoes)};
}

ScoreFindings copy_selected(double *to, const double *from, const uint32_t *select, size_t n, double low,
                            double high) noexcept {
    ScoreFindings f;
    for (size_t i = 0; i < n; ++i) {
        const double v = from[select[i]];
        to[select[i]] = v;
        const bool veto = v == -infinity;
        f.vetoes += veto;
        f.out_of_range += !veto && (v < low || v > high);
    }
    return f;
}

bool guards_intact(const double *row, size_t n, size_t stride) noexcept {
    for (size_t i = n; i < stride; ++i)
        if (std::bit_cast<uint64_t>(row[i]) != guard_bits) return false;
    return true;
}

void veto_to_abstain(double *row, size_t n) noexcept {
    for (size_t i = 0; i < n; ++i)
        if (row[i] == -infinity) row[i] = nan;
}

} // namespace rigger::host
