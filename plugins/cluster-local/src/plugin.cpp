// The plugin's surface: a rig::Backend over Cluster, driven by the host's clock and timers.
#include "cluster.hpp"
#include "config.hpp"
#include "config_schema.hpp"

#include <rigger/sdk/plugin.hpp>
#include <rigger/sdk/try.hpp>

#include <sys/stat.h>

#include <atomic>
#include <random>

namespace cluster_local {
namespace {

class HostClock final : public Clock {
public:
    explicit HostClock(rig::Host host) noexcept : host_(host) {}
    uint64_t mono_ns() const override { return host_.now_ns(); }
    int64_t wall_ns() const override { return host_.wall_ns(); }

private:
    rig::Host host_;
};

/// What tells two states of a file apart.
struct FileMark {
    int64_t modified_ns = 0, size = -1;
    uint64_t inode = 0;
    bool operator==(const FileMark &) const = default;
};
FileMark mark_of(const std::string &path) {
    struct stat s {};
    if (::stat(path.c_str(), &s) != 0) return {};
    return {s.st_mtim.tv_sec * 1'000'000'000 + s.st_mtim.tv_nsec, s.st_size, s.st_ino};
}

class LocalBackend final : public rig::Backend {
public:
    LocalBackend(rig::Host host, std::string_view config) : host_(host), clock_(host), config_text_(config) {}

    rig::Status check() override {
        RIG_ASSIGN_OR_RETURN(const Config config, parse_config(config_text_));
        if (config.fleet.empty()) return {};
        RIG_RETURN_IF_ERROR(read_fleet(config.fleet));
        return {};
    }

    rig::Status start() override {
        const auto *timers = host_.table<rig_timers>(RIG_SERVICE_TIMERS);
        if (!host_.table<rig_clock>(RIG_SERVICE_CLOCK)) return missing(RIG_SERVICE_CLOCK);
        if (!timers) return missing(RIG_SERVICE_TIMERS);
        RIG_ASSIGN_OR_RETURN(config_, parse_config(config_text_));
        config_.cluster.store.seed =
            config_.has_seed ? config_.cluster.script.seed
                             : std::random_device()() * 0x100000001ULL ^ static_cast<uint64_t>(host_.wall_ns());
        running_ = true;
        auto opened = Cluster::open(config_.cluster, clock_, [this] { wake(); });
        if (opened.ok() && !config_.fleet.empty()) {
            fleet_mark_ = loaded_mark_ = mark_of(config_.fleet);
            rig::Status loaded = load_fleet(**opened);
            if (!loaded.ok()) opened = loaded.error();
        }
        if (!opened.ok()) {
            running_ = false;
            return opened.error();
        }
        cluster_ = std::move(*opened);
        if (!config_.fleet.empty())
            RIG_RETURN_IF_ERROR(host_.after(seconds(config_.fleet_poll_seconds), seconds(config_.fleet_poll_seconds),
                                            &poll_fleet, this, &fleet_timer_));
        run();
        return {};
    }

    rig::Status stop() override {
        running_ = false;
        for (uint64_t *timer : {&tick_timer_, &fleet_timer_})
            if (*timer) host_.cancel_timer(std::exchange(*timer, 0));
        cluster_.reset();
        return {};
    }

    rig::Result<std::string> probe(rig::Call call) override {
        RIG_RETURN_IF_ERROR(usable(call));
        return cluster_->probe();
    }
    rig::Status list(rig::Call call, std::string_view query, const rig::Objects &out) override {
        RIG_RETURN_IF_ERROR(usable(call));
        return cluster_->list(query, out);
    }
    rig::Result<std::string> get(rig::Call call, std::string_view ref) override {
        RIG_RETURN_IF_ERROR(usable(call));
        return cluster_->get(ref);
    }
    rig::Result<std::string> apply(rig::Call call, std::string_view cluster, std::string_view object,
                                   uint32_t flags) override {
        RIG_RETURN_IF_ERROR(usable(call));
        return cluster_->apply(cluster, object, flags);
    }
    rig::Status remove(rig::Call call, std::string_view ref) override {
        RIG_RETURN_IF_ERROR(usable(call));
        return cluster_->remove(ref);
    }
    rig::Status watch(rig::Call call, std::string_view query, std::string_view token,
                      const rig::Objects &out) override {
        RIG_RETURN_IF_ERROR(usable(call));
        return cluster_->watch(call, query, token, out);
    }
    rig::Status logs(rig::Call call, std::string_view request, rig::Sink out) override {
        RIG_RETURN_IF_ERROR(usable(call));
        return cluster_->logs(call, request, out);
    }
    rig::Result<std::string> diagnose(rig::Call call, std::string_view request) override {
        RIG_RETURN_IF_ERROR(usable(call));
        return cluster_->diagnose(request);
    }

private:
    static rig::Error missing(const char *service) {
        return {RIG_E_UNSUPPORTED, "ServiceMissing", std::string("the host does not offer or did not grant ") + service,
                0};
    }
    rig::Status usable(rig::Call call) const {
        if (call.cancelled())
            return rig::Error{RIG_E_CANCELLED, "Cancelled", "the call was cancelled before it began", 0};
        if (host_.now_ns() >= call.deadline_ns())
            return rig::Error{RIG_E_DEADLINE, "DeadlineExceeded", "the call's deadline had passed before it began", 0};
        if (!cluster_) return rig::Error{RIG_E_UNAVAILABLE, "NotStarted", "the embedded cluster is not running", 1000};
        return {};
    }

    /// [any] At most one run is on its way to the strand.
    void wake() {
        if (!running_ || posted_.exchange(true)) return;
        const auto *timers = host_.table<rig_timers>(RIG_SERVICE_TIMERS);
        rig_error error = rig::detail::fresh_error();
        if (timers->post(host_.raw(), &run_posted, this, &error) != RIG_OK)
            posted_ = false; // the tick timer comes all the same
    }
    static void run_posted(void *user) {
        auto *self = static_cast<LocalBackend *>(user);
        self->posted_ = false;
        self->run();
    }
    static void run_due(void *user) {
        auto *self = static_cast<LocalBackend *>(user);
        self->tick_timer_ = 0;
        self->run();
    }
    /// [strand] Works, then asks to be called again when the next thing is due.
    void run() {
        if (!cluster_) return;
        if (tick_timer_) host_.cancel_timer(std::exchange(tick_timer_, 0));
        const uint64_t due = cluster_->tick(), now = clock_.mono_ns();
        if (due == kNever) return;
        if (due <= now) return wake();
        const rig::Status armed = host_.after(due - now, 0, &run_due, this, &tick_timer_);
        if (!armed.ok())
            host_.log(rig::Level::error,
                      "cannot set a timer, pods will stand still until the next call: " + armed.error().message);
    }

    rig::Status load_fleet(Cluster &cluster) {
        RIG_ASSIGN_OR_RETURN(const Fleet fleet, read_fleet(config_.fleet));
        RIG_RETURN_IF_ERROR(cluster.set_fleet(fleet));
        host_.log(rig::Level::info,
                  "fleet loaded from " + config_.fleet + ": " + std::to_string(fleet.servers.size()) + " servers");
        return {};
    }
    /// [strand] A changed file counts once it stood still for one period, so that a half-written one is not taken for a
    /// smaller fleet.
    static void poll_fleet(void *user) {
        auto *self = static_cast<LocalBackend *>(user);
        const FileMark now = mark_of(self->config_.fleet);
        const bool settled = now == self->fleet_mark_;
        self->fleet_mark_ = now;
        if (!settled || now == self->loaded_mark_ || !self->cluster_) return;
        self->loaded_mark_ = now;
        const rig::Status loaded = self->load_fleet(*self->cluster_);
        self->cluster_->set_warning(loaded.ok() ? "" : loaded.error().message);
        if (!loaded.ok()) self->host_.log(rig::Level::error, loaded.error().message);
    }

    rig::Host host_;
    HostClock clock_;
    std::string config_text_;
    Config config_;
    std::unique_ptr<Cluster> cluster_;
    std::atomic<bool> running_{false}, posted_{false};
    uint64_t tick_timer_ = 0, fleet_timer_ = 0;
    FileMark fleet_mark_, loaded_mark_;
};

constexpr const char *kNeeds[] = {RIG_SERVICE_CLOCK, RIG_SERVICE_TIMERS, RIG_SERVICE_LOG "?", nullptr};
} // namespace
} // namespace cluster_local

static constexpr rig_component kLocal =
    rig::backend<cluster_local::LocalBackend>("rig.cluster-local", "Embedded cluster", cluster_local::kConfigSchema,
                                              RIG_COMPONENT_CONCURRENT, cluster_local::kNeeds);
RIG_PLUGIN(RIG_PLUGIN_ID, RIG_PLUGIN_VERSION, &kLocal);
