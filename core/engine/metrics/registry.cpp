#include "engine/metrics/process.hpp"
#include "engine/metrics/prometheus.hpp"
#include "engine/metrics/series.hpp"
#include "engine/metrics/text.hpp"

#include <array>
#include <map>
#include <mutex>

namespace rigger {
namespace {
using namespace metrics;

constexpr size_t chunk_size = 256, chunk_count = 256, most_bounds = 128;

struct Family {
    Kind kind;
    std::string help;
    std::vector<double> bounds;
    std::map<std::string, Metrics::Handle> handles; ///< by label text
};

const char *type_name(Kind kind) {
    switch (kind) {
    case Kind::counter: return "counter";
    case Kind::gauge: return "gauge";
    case Kind::histogram: return "histogram";
    }
    return "untyped";
}

class Registry final : public MetricsRegistry {
public:
    explicit Registry(const MetricsOptions &options)
        : max_series_(std::min(options.max_series, chunk_size * chunk_count)), process_(options.process) {}
    ~Registry() override {
        for (auto &chunk : chunks_) delete chunk.load(std::memory_order_relaxed);
    }

    Handle counter(std::string_view name, std::string_view help, const Labels &labels) override {
        return define(Kind::counter, name, help, {}, labels);
    }
    Handle gauge(std::string_view name, std::string_view help, const Labels &labels) override {
        return define(Kind::gauge, name, help, {}, labels);
    }
    Handle histogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                     const Labels &labels) override {
        return define(Kind::histogram, name, help, bounds, labels);
    }

    void add(Handle handle, double value) override {
        if (Series *const series = find(handle)) series->add(value);
    }
    void set(Handle handle, double value) override {
        if (Series *const series = find(handle)) series->set(value);
    }

    std::string exposition() const override {
        std::string out = process_ ? process_exposition() : "";
        const std::lock_guard guard(mutex_);
        for (const auto &[name, family] : families_) {
            out += "# HELP " + name + " " + escape_help(family.help) + "\n# TYPE " + name + " " +
                   type_name(family.kind) + "\n";
            for (const auto &[labels, handle] : family.handles) write(out, name, family.kind, *find(handle));
        }
        out += "# HELP rigger_metrics_series Time series in the registry.\n# TYPE rigger_metrics_series "
               "gauge\nrigger_metrics_series " +
               number(static_cast<double>(used_)) +
               "\n# HELP rigger_metrics_refused_total Definitions of metrics that were refused.\n" +
               "# TYPE rigger_metrics_refused_total counter\nrigger_metrics_refused_total " +
               number(static_cast<double>(refused_)) + "\n";
        return out;
    }

    Status last_refusal() const override {
        const std::lock_guard guard(mutex_);
        return last_refusal_;
    }

private:
    using Chunk = std::array<std::unique_ptr<Series>, chunk_size>;

    /// A handle is given away under the mutex after its series was stored, so whoever has one may read it without the
    /// mutex.
    Series *find(Handle handle) const noexcept {
        if (handle == 0 || handle > published_.load(std::memory_order_acquire)) return nullptr;
        const size_t index = handle - 1;
        return (*chunks_[index / chunk_size].load(std::memory_order_relaxed))[index % chunk_size].get();
    }

    Handle refuse(std::string_view name, std::string why) {
        ++refused_;
        last_refusal_ = invalid("MetricRefused", "metric '" + std::string(name) + "': " + std::move(why));
        return 0;
    }

    Handle define(Kind kind, std::string_view name, std::string_view help, std::span<const double> bounds,
                  const Labels &labels) {
        const std::lock_guard guard(mutex_);
        if (!valid_metric_name(name))
            return refuse(name, "the name may hold letters, digits, '_' and ':' and must not begin with a digit");
        const auto label = label_text(labels);
        if (!label)
            return refuse(name,
                          "a label's name is invalid, reserved or there twice, or its value is longer than 1024 bytes");
        if (const std::string wrong = check_bounds(kind, bounds); !wrong.empty()) return refuse(name, wrong);
        if (const std::string clash = name_clash(kind, name); !clash.empty()) return refuse(name, clash);
        const auto found = families_.find(name);
        if (found != families_.end()) {
            Family &family = found->second;
            if (family.kind != kind) return refuse(name, std::string("it is a ") + type_name(family.kind) + " already");
            if (!std::equal(bounds.begin(), bounds.end(), family.bounds.begin(), family.bounds.end()))
                return refuse(name, "it has other bounds already");
            if (const auto known = family.handles.find(*label); known != family.handles.end()) return known->second;
        }
        if (used_ >= max_series_)
            return refuse(name, "the registry is full (" + std::to_string(max_series_) + " series)");
        Family &family =
            found != families_.end()
                ? found->second
                : families_.emplace(name, Family{kind, std::string(help), {bounds.begin(), bounds.end()}, {}})
                      .first->second;
        const Handle handle = publish(std::make_unique<Series>(kind, *label, bounds));
        family.handles.emplace(*label, handle);
        return handle;
    }

    Handle publish(std::unique_ptr<Series> series) {
        auto &chunk = chunks_[used_ / chunk_size];
        if (!chunk.load(std::memory_order_relaxed))
            chunk.store(new Chunk, std::memory_order_relaxed); // freed by the destructor
        (*chunk.load(std::memory_order_relaxed))[used_ % chunk_size] = std::move(series);
        ++used_;
        published_.store(used_, std::memory_order_release);
        return used_;
    }

    static std::string check_bounds(Kind kind, std::span<const double> bounds) {
        if (kind != Kind::histogram) return "";
        if (bounds.empty() || bounds.size() > most_bounds) return "a histogram has 1 to 128 bounds";
        for (size_t i = 0; i < bounds.size(); ++i)
            if (!std::isfinite(bounds[i]) || (i > 0 && bounds[i] <= bounds[i - 1]))
                return "bounds must be finite and ascend";
        return "";
    }

    /// A histogram x owns x_bucket, x_sum and x_count.
    std::string name_clash(Kind kind, std::string_view name) const {
        for (const std::string_view suffix : {"_bucket", "_sum", "_count"}) {
            if (kind == Kind::histogram && families_.find(std::string(name) + std::string(suffix)) != families_.end())
                return "a metric with this name and '" + std::string(suffix) + "' exists";
            if (!name.ends_with(suffix)) continue;
            const auto base = families_.find(name.substr(0, name.size() - suffix.size()));
            if (base != families_.end() && base->second.kind == Kind::histogram)
                return "the name belongs to a histogram";
        }
        return "";
    }

    static void write(std::string &out, const std::string &name, Kind kind, const Series &series) {
        const std::string &labels = series.labels();
        const std::string braces = labels.empty() ? "" : "{" + labels + "}";
        if (kind != Kind::histogram) {
            out += name + braces + " " + number(series.value()) + "\n";
            return;
        }
        uint64_t total = 0;
        const auto bounds = series.bounds();
        for (size_t i = 0; i <= bounds.size(); ++i) {
            total += series.bucket(i);
            out += name + "_bucket{" + labels + (labels.empty() ? "" : ",") + "le=\"" +
                   (i < bounds.size() ? number(bounds[i]) : "+Inf") + "\"} " + std::to_string(total) + "\n";
        }
        out += name + "_sum" + braces + " " + number(series.value()) + "\n" + name + "_count" + braces + " " +
               std::to_string(total) + "\n";
    }

    const size_t max_series_;
    const bool process_;
    mutable std::mutex mutex_;
    std::map<std::string, Family, std::less<>> families_; // guarded by mutex_, like the three below
    size_t used_ = 0;
    uint64_t refused_ = 0;
    Status last_refusal_;
    std::array<std::atomic<Chunk *>, chunk_count> chunks_{};
    std::atomic<uint64_t> published_{0};
};

} // namespace

std::unique_ptr<MetricsRegistry> make_metrics_registry(const MetricsOptions &options) {
    return std::make_unique<Registry>(options);
}

} // namespace rigger
