// The plugin's surface over a Fleet.
#include "kube/fleet.hpp"

#include <rigger/sdk/try.hpp>

#include <random>

namespace kube {
namespace {
constexpr uint64_t look_ns = 2 * second_ns;
}

class FleetBackend::HostClock final : public Clock {
public:
    explicit HostClock(rig::Host host) : host_(host) {}
    uint64_t mono_ns() const override { return host_.now_ns(); }
    int64_t wall_ns() const override { return host_.wall_ns(); }

private:
    rig::Host host_;
};

FleetBackend::FleetBackend(rig::Host host) : host_(host), clock_(std::make_unique<HostClock>(host)) {}
FleetBackend::~FleetBackend() = default;

rig::Status FleetBackend::check() {
    RIG_ASSIGN_OR_RETURN(const std::unique_ptr<Roster> who, roster());
    RIG_ASSIGN_OR_RETURN(const Roll roll, who->read());
    if (!roll.broken.empty()) return rig::Error{RIG_E_INVALID, "BadKubeconfig", roll.broken.front().second, 0};
    return {};
}

rig::Status FleetBackend::start() {
    RIG_ASSIGN_OR_RETURN(std::unique_ptr<Roster> who, roster());
    const uint64_t seed = std::random_device()() * 0x100000001ULL ^ static_cast<uint64_t>(host_.wall_ns());
    auto made = std::make_shared<Fleet>(std::move(who), settings(), *clock_, seed);
    (void)made->refresh(); // a kubeconfig that is missing, or wrong, may come or be mended while we run: probe and
                           // diagnosis say so until then
    {
        const std::lock_guard held(lock_);
        fleet_ = std::move(made);
    }
    look(this);
    if (rig::Status armed = host_.after(look_ns, look_ns, &look, this, &timer_); !armed.ok()) {
        (void)stop();
        return armed;
    }
    return {};
}

rig::Status FleetBackend::stop() {
    if (timer_) host_.cancel_timer(std::exchange(timer_, 0));
    std::shared_ptr<Fleet> old;
    const std::lock_guard held(lock_);
    old.swap(fleet_);
    return {};
}

void FleetBackend::look(void *user) {
    auto *self = static_cast<FleetBackend *>(user);
    try {
        std::shared_ptr<Fleet> fleet;
        {
            const std::lock_guard held(self->lock_);
            fleet = self->fleet_;
        }
        if (!fleet) return;
        (void)fleet->refresh();
        const std::string problem = fleet->problem();
        if (!problem.empty() && problem != self->last_problem_)
            self->host_.log(rig::Level::error,
                            "some clusters' configuration cannot be used; what was read before stays in force: " +
                                problem);
        self->last_problem_ = problem;
    } catch (const std::exception &) {
        self->host_.log(rig::Level::error, "could not look at the kubeconfig; it is tried again");
    }
}

rig::Result<std::shared_ptr<Fleet>> FleetBackend::fleet(rig::Call call) const {
    if (call.cancelled()) return rig::Error{RIG_E_CANCELLED, "Cancelled", "the call was cancelled before it began", 0};
    if (host_.now_ns() >= call.deadline_ns())
        return rig::Error{RIG_E_DEADLINE, "DeadlineExceeded", "the call's deadline had passed before it began", 0};
    const std::lock_guard held(lock_);
    if (!fleet_) return rig::Error{RIG_E_UNAVAILABLE, "NotStarted", "the backend is not running", 1000};
    return fleet_;
}

rig::Result<std::string> FleetBackend::probe(rig::Call call) {
    RIG_ASSIGN_OR_RETURN(const auto f, fleet(call));
    return f->probe();
}
rig::Status FleetBackend::list(rig::Call call, std::string_view query, const rig::Objects &out) {
    RIG_ASSIGN_OR_RETURN(const auto f, fleet(call));
    return f->list(call, query, out);
}
rig::Result<std::string> FleetBackend::get(rig::Call call, std::string_view ref) {
    RIG_ASSIGN_OR_RETURN(const auto f, fleet(call));
    return f->get(call, ref);
}
rig::Result<std::string> FleetBackend::apply(rig::Call call, std::string_view cluster, std::string_view object,
                                             uint32_t flags) {
    RIG_ASSIGN_OR_RETURN(const auto f, fleet(call));
    return f->apply(call, cluster, object, flags);
}
rig::Status FleetBackend::remove(rig::Call call, std::string_view ref) {
    RIG_ASSIGN_OR_RETURN(const auto f, fleet(call));
    return f->remove(call, ref);
}
rig::Status FleetBackend::watch(rig::Call call, std::string_view query, std::string_view token,
                                const rig::Objects &out) {
    RIG_ASSIGN_OR_RETURN(const auto f, fleet(call));
    return f->watch(call, query, token, out);
}
rig::Status FleetBackend::logs(rig::Call call, std::string_view request, rig::Sink out) {
    RIG_ASSIGN_OR_RETURN(const auto f, fleet(call));
    return f->logs(call, request, out);
}
rig::Result<std::string> FleetBackend::diagnose(rig::Call call, std::string_view request) {
    RIG_ASSIGN_OR_RETURN(const auto f, fleet(call));
    return f->diagnose(call, request);
}

} // namespace kube
