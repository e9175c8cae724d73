#include "simulation/auditor.hpp"

#include <algorithm>
#include <set>

namespace rigger::sim {

void Auditor::complain(std::string what) {
    if (violation_.empty()) violation_ = to_rfc3339(world_.wall()) + ": " + std::move(what);
}

std::string Auditor::violation() const {
    if (!violation_.empty()) return violation_;
    if (!store_.violation.empty()) return "store: " + store_.violation;
    if (!cluster_.violation.empty()) return "cluster: " + cluster_.violation;
    return {};
}

void Auditor::restarted() {
    phases_.clear();
    for (const auto &[id, d] : store_.deployments()) phases_[id] = d.phase;
    std::erase_if(ends_, [&](const auto &end) {
        const auto d = store_.deployments().find(end.second);
        return d != store_.deployments().end() && d->second.live();
    });
}

/// By the world outside, not by what the daemon believes of it.
bool Auditor::is_healthy(const Deployment &d) const {
    const auto offer = market_.offers.find(d.offer.value);
    return cluster_.runs(d.id.value) && market_.instances.contains(d.id.value) && offer != market_.offers.end() &&
           offer->second.version == d.version;
}

void Auditor::begun(const Deployment &d, const Controller &controller) {
    std::map<GpuId, int> held;
    for (const GpuId &gpu : d.gpus) held[gpu] = d.gpu_milli;
    for (const auto &[id, track] : controller.state().tracks) {
        if (id == d.id) continue;
        if (!second_copies_allowed && track.d->live() && track.d->offer == d.offer && track.d->server == d.server)
            complain("deployment " + d.id.value + " is a second live copy of " + d.offer.value + " on " + d.node_name);
        if (track.teardown && track.teardown->gpus_freed) continue;
        for (const GpuId &gpu : d.gpus)
            if (std::find(track.d->gpus.begin(), track.d->gpus.end(), gpu) != track.d->gpus.end() &&
                (held[gpu] += track.d->gpu_milli) > 1000)
                complain("GPU " + gpu.value + " is given to " + d.id.value + " while " + id.value + " holds it");
    }
}

void Auditor::ended(const Deployment &d, const Controller &controller, bool by_pass) {
    if (d.end_cause != "OperatorRequest" && is_healthy(d))
        complain("healthy deployment " + d.id.value + " is ended: " + d.end_cause + ": " + d.end_reason);
    if (!by_pass) return;
    ++ended_by_passes;
    const MonoTime now = world_.monotonic();
    while (!ends_.empty() && now - ends_.front().first >= budget_period) ends_.pop_front();
    if (ends_.empty()) most_live_ = 0;
    const auto live = std::count_if(controller.state().tracks.begin(), controller.state().tracks.end(),
                                    [](const auto &t) { return t.second.d->live(); });
    most_live_ = std::max(most_live_, static_cast<size_t>(live) + 1); // this one is not counted as live any more
    ends_.emplace_back(now, d.id);
    const size_t allowed = std::max<size_t>(1, static_cast<size_t>(deletion_budget * static_cast<double>(most_live_)));
    if (!budget_lifted && ends_.size() > allowed)
        complain(std::to_string(ends_.size()) + " of " + std::to_string(most_live_) +
                 " deployments are ended within one period; the budget is " + std::to_string(allowed));
}

void Auditor::decided(const Outbox &out, const Controller &controller, bool by_pass) {
    for (const Write &write : out.writes) {
        if (const auto *gone = std::get_if<DeleteDeployment>(&write)) phases_.erase(gone->id);
        const auto *put = std::get_if<PutDeployment>(&write);
        if (!put) continue;
        const Deployment &d = put->deployment;
        const auto [at, fresh] = phases_.try_emplace(d.id, d.phase);
        if (fresh) begun(d, controller);
        if (at->second != Phase::terminating && d.phase == Phase::terminating) ended(d, controller, by_pass);
        at->second = d.phase;
    }
}

void Auditor::leaves(const Effect &effect) {
    if (const auto *remove = std::get_if<RemoveEffect>(&effect.what)) {
        const ObjectMeta &o = remove->object;
        const std::string owner = cluster_.owner(o.kind, o.namespace_name, o.name);
        if (owner.empty() && o.kind == "Job" && cluster_.has_foreign(o.name))
            complain("a foreign object is removed: " + o.name);
        const auto d = store_.deployments().find(DeploymentId(owner));
        if (d != store_.deployments().end() && d->second.live() && d->second.phase >= Phase::registered &&
            is_healthy(d->second))
            complain(o.kind + " " + o.name + " of the healthy deployment " + owner + " is removed");
        if (d == store_.deployments().end() && !owner.empty()) ++objects_removed_as_orphans;
    }
    if (const auto *release = std::get_if<ReleaseEffect>(&effect.what)) {
        const auto d = store_.deployments().find(release->deployment->id);
        if (d != store_.deployments().end() && d->second.live())
            complain("the claim of the live deployment " + d->first.value + " is released");
        if (d == store_.deployments().end()) ++objects_removed_as_orphans;
    }
}

std::string Auditor::objects_disagree(const std::set<std::string> &live) const {
    for (const char *kind : {"Job", "Pod", "Service", "ConfigMap"})
        if (cluster_.owners(kind) != live || cluster_.count(kind) != live.size())
            return std::to_string(cluster_.count(kind)) + " objects of kind " + kind + " for " +
                   std::to_string(live.size()) + " deployments";
    std::set<std::string> instances, grants;
    for (const auto &[id, instance] : market_.instances) instances.insert(id);
    for (const auto &[id, config] : market_.grants) grants.insert(id);
    if (instances != live)
        return std::to_string(instances.size()) + " instances for " + std::to_string(live.size()) + " deployments";
    if (grants != live)
        return std::to_string(grants.size()) + " claims for " + std::to_string(live.size()) + " deployments";
    return {};
}

std::string Auditor::gpus_disagree(const Controller &controller) const {
    const auto &tracks = controller.state().tracks;
    std::map<GpuId, DeploymentId> wanted, stored, known;
    std::map<GpuId, std::set<DeploymentId>> sharers;
    for (const auto &[id, track] : tracks)
        for (const GpuId &gpu : track.d->gpus) {
            wanted[gpu] = id;
            if (track.d->shares_gpu()) sharers[gpu].insert(id);
        }
    for (const auto &[id, server] : store_.servers())
        for (const Gpu &gpu : server.gpus)
            if (!gpu.deployment.empty()) stored[gpu.id] = gpu.deployment;
    for (const auto &[name, server] : controller.state().servers)
        for (const Gpu &gpu : server->gpus)
            if (!gpu.deployment.empty()) known[gpu.id] = gpu.deployment;
    for (auto &[gpu, owner] : wanted) // a shared card is in the name of any of those on it
        if (const auto at = stored.find(gpu); at != stored.end() && sharers[gpu].contains(at->second))
            owner = at->second;
    if (wanted != stored)
        return std::to_string(stored.size()) + " GPUs are held in the store, " + std::to_string(wanted.size()) +
               " should be";
    if (wanted != known)
        return std::to_string(known.size()) + " GPUs are held in the loop's state, " + std::to_string(wanted.size()) +
               " should be";
    return {};
}

std::string Auditor::disagreement(const Controller &controller) const {
    if (std::string bad = violation(); !bad.empty()) return bad;
    std::set<std::string> live, durable;
    for (const auto &[id, track] : controller.state().tracks) {
        if (track.d->phase != Phase::active)
            return "deployment " + id.value + " is " + std::string(phase_name(track.d->phase)) + " (" +
                   track.last_error + ")";
        if (!is_healthy(*track.d)) return "deployment " + id.value + " counts as active and is not healthy";
        live.insert(id.value);
    }
    for (const auto &[id, d] : store_.deployments()) {
        durable.insert(id.value);
        if (d.phase != Phase::active)
            return "the store says that deployment " + id.value + " is " + std::string(phase_name(d.phase));
    }
    if (live != durable)
        return "the store knows " + std::to_string(durable.size()) + " deployments, the loop " +
               std::to_string(live.size());
    if (std::string bad = objects_disagree(live); !bad.empty()) return bad;
    if (std::string bad = gpus_disagree(controller); !bad.empty()) return bad;
    for (const auto &[key, intent] : store_.intents())
        if (!durable.contains(intent.deployment.value)) return "intent " + key + " is left over";
    for (const auto &[id, flight] : controller.state().in_flight)
        if (flight.name != "reconcile" && flight.name != "plan") return "effect " + flight.name + " is in flight";
    return {};
}

} // namespace rigger::sim
