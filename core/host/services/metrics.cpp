#include "host/services/border.hpp"
#include "host/services/tables.hpp"

#include <cmath>

namespace rigger::host {
namespace {
constexpr size_t max_labels = 8, max_bounds = 64;
constexpr int32_t counter = 0, gauge = 1, histogram = 2;

bool valid_name(std::string_view s) {
    return !s.empty() && s.size() <= 128 && (s.front() < '0' || s.front() > '9') &&
           std::all_of(s.begin(), s.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
           });
}

rig_code define(const rig_host *host, int32_t type, rig_str name, rig_str help, const rig_kv *labels, size_t n,
                const double *bounds, size_t bound_count, uint64_t *handle, rig_error *error) noexcept {
    return serve(host, RIG_SERVICE_METRICS, error, [&](HostHandle &h) -> Status {
        if (!handle) return invalid("HandleMissing", "the place for the handle is NULL");
        if (!valid_name(view(name)))
            return invalid("MetricName", "'" + std::string(view(name).substr(0, 128)) +
                                             "' is not a metric name of letters, digits and '_'");
        if (type < counter || type > histogram)
            return invalid("MetricType", "metric type " + std::to_string(type) + " is not known");
        if (n > max_labels || bound_count > max_bounds)
            return invalid("MetricTooLarge", "at most 8 labels and 64 bounds are allowed");
        Labels all{{"instance", h.name}};
        std::string key = std::to_string(type) + "\n" + std::string(view(name));
        for (size_t i = 0; labels && i < n; ++i) {
            if (!valid_name(view(labels[i].key)) || view(labels[i].key) == "instance" ||
                view(labels[i].value).size() > 256)
                return invalid("MetricLabel",
                               "label '" + std::string(view(labels[i].key).substr(0, 64)) + "' is not allowed");
            all.emplace_back(view(labels[i].key), view(labels[i].value));
            key.append("\n").append(view(labels[i].key)).append("=").append(view(labels[i].value));
        }
        for (size_t i = 0; i < bound_count; ++i)
            if (!bounds || !std::isfinite(bounds[i]) || (i > 0 && bounds[i] <= bounds[i - 1]))
                return invalid("MetricBounds", "bounds must be finite and ascend");

        const std::lock_guard lock(h.mutex);
        if (const auto at = h.metric_index.find(key); at != h.metric_index.end()) {
            *handle = at->second;
            return {};
        }
        const size_t index = h.metric_count.load(std::memory_order_relaxed);
        if (index >= HostHandle::max_metrics)
            return Error{Code::exhausted, "TooManyMetrics", "an instance may define 1024 metrics", 0};
        Metrics &m = *h.machinery->services.metrics;
        h.metric_handles[index] = type == counter ? m.counter(view(name), view(help), all)
                                  : type == gauge
                                      ? m.gauge(view(name), view(help), all)
                                      : m.histogram(view(name), view(help), std::span(bounds, bound_count), all);
        h.metric_index.emplace(std::move(key), index);
        h.metric_count.store(index + 1, std::memory_order_release); // what add() reads below it is complete
        *handle = index;
        return {};
    });
}

void add(const rig_host *host, uint64_t handle, double value) noexcept {
    if (!host || !std::isfinite(value)) return;
    HostHandle &h = handle_of(host);
    if (handle < h.metric_count.load(std::memory_order_acquire) && !h.revoked.load(std::memory_order_relaxed))
        h.machinery->services.metrics->add(h.metric_handles[handle], value);
}

void set(const rig_host *host, uint64_t handle, double value) noexcept {
    if (!host || !std::isfinite(value)) return;
    HostHandle &h = handle_of(host);
    if (handle < h.metric_count.load(std::memory_order_acquire) && !h.revoked.load(std::memory_order_relaxed))
        h.machinery->services.metrics->set(h.metric_handles[handle], value);
}
} // namespace

const rig_metrics *metrics_table() noexcept {
    static constexpr rig_metrics table{sizeof(rig_metrics), &define, &add, &set};
    return &table;
}

} // namespace rigger::host
