// core/engine/metrics/prometheus.hpp -- the metrics registry behind /metrics.
#pragma once
#include "base/status.hpp"
#include "base/time.hpp"
#include "domain/ports/metrics.hpp"

#include <memory>

namespace rigger {

struct MetricsOptions {
    size_t max_series = 20000; ///< a guard against labels that grow without bound; at most 65536
    bool process = true;       ///< also expose process_* (memory, file descriptors, threads, CPU time, start)
};

/// Counters, histograms and gauges all add without locks or retries (fixed number of atomic additions). A sum is exact
/// for whole numbers up to 2^63 and keeps fractions to 2^-32; values that are not finite are ignored by add(). A name
/// or label that Prometheus does not allow, a name used again with another type, and a series beyond the limit give the
/// handle 0, which is ignored by add() and set(), and are counted in rigger_metrics_refused_total.
class MetricsRegistry : public Metrics {
public:
    /// Why the last refusal on any thread happened; ok when there was none. For logs.
    virtual Status last_refusal() const = 0;
};

std::unique_ptr<MetricsRegistry> make_metrics_registry(const MetricsOptions &options = {});

} // namespace rigger
