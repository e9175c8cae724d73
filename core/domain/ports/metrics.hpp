// core/domain/ports/metrics.hpp -- counters, gauges and histograms in Prometheus' sense.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rigger {

using Labels = std::vector<std::pair<std::string, std::string>>;

/// Thread-safe. Handles stay valid for the life of the registry; the same name and labels give the same handle.
class Metrics {
public:
    using Handle = uint64_t;
    virtual ~Metrics() = default;
    virtual Handle counter(std::string_view name, std::string_view help, const Labels &labels = {}) = 0;
    virtual Handle gauge(std::string_view name, std::string_view help, const Labels &labels = {}) = 0;
    virtual Handle histogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                             const Labels &labels = {}) = 0;
    virtual void add(Handle, double value) = 0; ///< counter, gauge: add; histogram: observe. Wait-free.
    virtual void set(Handle, double value) = 0; ///< gauge
    virtual std::string exposition() const = 0; ///< Prometheus text format 0.0.4
};

} // namespace rigger
