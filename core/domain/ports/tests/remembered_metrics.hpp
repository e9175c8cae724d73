// domain/ports/tests/remembered_metrics.hpp -- metrics for tests that ask "was it counted?".
#pragma once
#include "domain/ports/metrics.hpp"

#include <algorithm>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace rigger {

/// Keeps each series' last value; of a histogram the sum of what was observed. Thread-safe.
class RememberedMetrics final : public Metrics {
public:
    Handle counter(std::string_view name, std::string_view, const Labels &labels) override {
        return series(name, labels);
    }
    Handle gauge(std::string_view name, std::string_view, const Labels &labels) override {
        return series(name, labels);
    }
    Handle histogram(std::string_view name, std::string_view, std::span<const double>, const Labels &labels) override {
        return series(name, labels);
    }
    void add(Handle handle, double by) override {
        const std::lock_guard lock(mutex_);
        series_.at(handle).value += by;
    }
    void set(Handle handle, double to) override {
        const std::lock_guard lock(mutex_);
        series_.at(handle).value = to;
    }
    std::string exposition() const override { return "rigger_up 1\n"; }

    /// The sum of the series of this name that have all these labels; 0 where nothing was measured.
    double value(std::string_view name, const Labels &with = {}) const {
        const std::lock_guard lock(mutex_);
        double sum = 0;
        for (const Series &one : series_)
            if (one.name == name && std::all_of(with.begin(), with.end(), [&](const auto &label) {
                    return std::find(one.labels.begin(), one.labels.end(), label) != one.labels.end();
                }))
                sum += one.value;
        return sum;
    }

private:
    struct Series {
        std::string name;
        Labels labels;
        double value = 0;
    };
    Handle series(std::string_view name, const Labels &labels) {
        const std::lock_guard lock(mutex_);
        const auto known = std::find_if(series_.begin(), series_.end(),
                                        [&](const Series &one) { return one.name == name && one.labels == labels; });
        if (known != series_.end()) return static_cast<Handle>(known - series_.begin());
        series_.push_back({std::string(name), labels, 0});
        return series_.size() - 1;
    }
    mutable std::mutex mutex_;
    std::vector<Series> series_;
};

} // namespace rigger
