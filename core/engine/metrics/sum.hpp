// core/engine/metrics/sum.hpp -- a sum of doubles that many threads add to without a lock, a retry or a rounding error
// that grows.
#pragma once
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>

namespace rigger::metrics {

/// Whole parts and fractions (in 2^-32) are summed as integers, because fetch_add on integers is wait-free while adding
/// to an atomic double is a loop of compare-and-swap. Fractions are carried over before they overflow.
/// Relaxed ordering: a metric publishes nothing but its own value.
class Sum {
public:
    static constexpr int fraction_bits = 32;
    explicit Sum(int64_t carry_at = int64_t{1} << 61) : carry_at_(carry_at) {}

    /// Values that are not finite are ignored; larger ones than 2^53 count as 2^53.
    void add(double value) noexcept {
        if (!std::isfinite(value)) return;
        value = std::clamp(value, -largest, largest);
        const double whole = std::trunc(value);
        if (whole != 0) whole_.fetch_add(static_cast<int64_t>(whole), std::memory_order_relaxed);
        const auto fraction = static_cast<int64_t>(std::llrint(std::ldexp(value - whole, fraction_bits)));
        if (fraction == 0) return;
        const int64_t before = fraction_.fetch_add(fraction, std::memory_order_relaxed);
        // Only the thread that crosses the border carries: the others see a `before` beyond it already.
        if (std::abs(before) < carry_at_ && std::abs(before + fraction) >= carry_at_) carry(before + fraction);
    }

    double value() const noexcept {
        for (;;) {
            const uint32_t ended = carries_ended_.load(std::memory_order_acquire);
            const int64_t whole = whole_.load(std::memory_order_acquire),
                          fraction = fraction_.load(std::memory_order_acquire);
            if (carries_begun_.load(std::memory_order_relaxed) == ended)
                return static_cast<double>(whole) + std::ldexp(static_cast<double>(fraction), -fraction_bits);
        }
    }

private:
    static constexpr double largest = 9007199254740992.0; // 2^53

    void carry(int64_t fraction) noexcept {
        const int64_t whole = fraction >> fraction_bits;
        carries_begun_.fetch_add(1, std::memory_order_acq_rel);
        whole_.fetch_add(whole, std::memory_order_acq_rel);
        fraction_.fetch_sub(whole << fraction_bits, std::memory_order_acq_rel);
        carries_ended_.fetch_add(1, std::memory_order_release);
    }

    const int64_t carry_at_;
    std::atomic<int64_t> whole_{0}, fraction_{0};
    std::atomic<uint32_t> carries_begun_{0}, carries_ended_{0};
};

} // namespace rigger::metrics
