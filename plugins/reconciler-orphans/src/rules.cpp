#include "rules.hpp"

#include <algorithm>
#include <set>

namespace orphans {
namespace {

using reconcile::Action;
using reconcile::ClusterFacts;
using reconcile::Deployment;
using reconcile::Evidence;
using reconcile::Instance;
using reconcile::Object;
using reconcile::SourceFacts;

/// The view that shows objects of this kind; nullptr: none does, and what nothing watches is left alone.
const char *view_of(const std::string &kind) {
    if (kind == "Pod") return "pods";
    if (kind == "Job") return "jobs";
    if (kind == "Service") return "services";
    return nullptr;
}

/// Too many to be true? Counted in deployments, since one lost record leaves several objects.
std::string distrust(size_t orphans, size_t known, const Limits &l) {
    const auto n = static_cast<double>(orphans);
    if (n <= l.few || n <= l.share * static_cast<double>(known)) return {};
    return "things of " + std::to_string(orphans) + " deployments are unknown to a store that knows " +
           std::to_string(known) + "; its records may be lost, so nothing is removed (maxOrphanShare, maxOrphanFew)";
}

bool old_enough(const std::optional<double> &age, double limit) {
    return !age || *age >= limit; // what has no age waits for the host's two observations
}

} // namespace

Verdict judge_cluster(const std::string &cluster, const ClusterFacts &f, const Limits &l) {
    std::vector<const Object *> found;
    std::set<std::string> owners, with_controller;
    for (const Object &o : f.objects) {
        if (o.deployment_id.empty() || o.uid.empty() || f.phases.contains(o.deployment_id))
            continue; // not ours, or somebody's
        const char *const view = view_of(o.kind);
        if (!view || !f.views.usable(view, l.view_max_age) || !old_enough(o.age, l.min_age)) continue;
        found.push_back(&o);
        owners.insert(o.deployment_id);
        if (o.kind == "Job") with_controller.insert(o.deployment_id);
    }
    Verdict verdict;
    if (found.empty()) return verdict;
    verdict.held = distrust(owners.size(), f.phases.size(), l);
    if (!verdict.held.empty()) return verdict;
    for (const Object *o : found) {
        if (o->kind == "Pod" && with_controller.contains(o->deployment_id)) continue; // goes with its job
        verdict.actions.push_back({"remove-object",
                                   {{"cluster", cluster},
                                    {"apiVersion", o->api_version},
                                    {"kind", o->kind},
                                    {"namespace", o->namespace_name},
                                    {"name", o->name},
                                    {"uid", o->uid}},
                                   "Orphan",
                                   "it carries our label, but no deployment " + o->deployment_id + " is known",
                                   Evidence::absence,
                                   {view_of(o->kind)}});
    }
    return verdict;
}

Verdict judge_source(const std::string &source, const SourceFacts &f, const Limits &l) {
    std::set<std::string_view> instances, configs;
    for (const Deployment &d : f.deployments) {
        if (!d.instance_id.empty()) instances.insert(d.instance_id);
        if (!d.config_id.empty()) configs.insert(d.config_id);
    }
    Verdict verdict;
    std::vector<const Instance *> found;
    if (!f.views.usable("instances", l.view_max_age)) return verdict;
    for (const Instance &i : f.instances)
        if (!instances.contains(i.id) && !(configs.contains(i.config_id) && !i.config_id.empty()) &&
            old_enough(i.age, l.min_age))
            found.push_back(&i);
    if (found.empty()) return verdict;
    verdict.held = distrust(found.size(), f.deployments.size(), l);
    if (!verdict.held.empty()) return verdict;
    for (const Instance *i : found)
        verdict.actions.push_back({"release-instance",
                                   {{"source", source}, {"offerId", i->offer_id}, {"instanceId", i->id}},
                                   "Orphan",
                                   "the source lists the instance as ours, but no deployment is known for it",
                                   Evidence::absence,
                                   {"instances"}});
    return verdict;
}

} // namespace orphans
