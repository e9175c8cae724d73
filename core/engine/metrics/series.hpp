// core/engine/metrics/series.hpp -- one time series: a name, a set of labels, and the value behind them.
#pragma once
#include "engine/metrics/sum.hpp"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace rigger::metrics {

enum class Kind : uint8_t { counter, gauge, histogram };

class Series {
public:
    Series(Kind kind, std::string labels, std::span<const double> bounds)
        : kind_(kind), labels_(std::move(labels)), bounds_(bounds.begin(), bounds.end()),
          counts_(kind == Kind::histogram ? std::make_unique<std::atomic<uint64_t>[]>(bounds.size() + 1) : nullptr) {}

    void add(double value) noexcept {
        if (kind_ == Kind::counter && !(value > 0)) return;
        if (kind_ == Kind::histogram) {
            if (!std::isfinite(value)) return;
            const auto bucket =
                static_cast<size_t>(std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin());
            counts_[bucket].fetch_add(1, std::memory_order_relaxed);
        }
        sum_.add(value);
    }
    void set(double value) noexcept {
        if (kind_ == Kind::gauge) base_.store(value - sum_.value(), std::memory_order_relaxed);
    }

    /// Of a counter or gauge; of a histogram the sum of what was observed.
    double value() const noexcept { return base_.load(std::memory_order_relaxed) + sum_.value(); }
    uint64_t bucket(size_t i) const noexcept { return counts_[i].load(std::memory_order_relaxed); }
    std::span<const double> bounds() const noexcept { return bounds_; }
    const std::string &labels() const noexcept { return labels_; } ///< `a="1",b="2"`, escaped; "" without labels

private:
    const Kind kind_;
    const std::string labels_;
    const std::vector<double> bounds_;
    std::atomic<double> base_{0}; ///< what set() gave, less the sum at that moment
    Sum sum_;
    const std::unique_ptr<std::atomic<uint64_t>[]> counts_;
};

} // namespace rigger::metrics
