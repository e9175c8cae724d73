#include "rules.hpp"

#include <algorithm>
#include <cmath>

namespace deployments {
namespace {

using reconcile::Action;
using reconcile::DeploymentFacts;
using reconcile::Evidence;
using reconcile::Pod;

using Found = std::optional<Action>;

Action end(const DeploymentFacts &f, const char *cause, std::string reason, Evidence evidence,
           std::vector<std::string> views = {}) {
    return {"terminate", {{"deploymentId", f.deployment.id}}, cause, std::move(reason), evidence, std::move(views)};
}

std::string minutes(double seconds) { return std::to_string(static_cast<long>(seconds / 60)) + " min"; }

/// What the pod that ended last words were, for the operator.
std::string last_words(const std::vector<Pod> &pods) {
    for (const Pod &pod : pods) {
        if (!pod.ended()) continue;
        std::string text = "; pod " + pod.name + " is " + pod.phase;
        if (pod.exit_code) text += ", exit code " + std::to_string(*pod.exit_code);
        if (!pod.reason.empty()) text += ", " + pod.reason;
        if (!pod.message.empty()) text += ": " + pod.message;
        return text;
    }
    return {};
}

bool objects_exist(const DeploymentFacts &f) { return f.deployment.live() && !f.deployment.stub(); }

/// May the absence of something in this view speak against the deployment?
bool shows_absence(const DeploymentFacts &f, const Limits &l, const char *view) {
    return f.views.usable(view, l.view_max_age) && f.deployment.phase_age - f.views.age(view) >= l.grace;
}

// -- what something said, in so many words

Found job_failed(const DeploymentFacts &f, const Limits &) {
    if (!f.job || f.job->failed <= 0) return {};
    return end(f, "JobFailed", "its job reports failed=" + std::to_string(f.job->failed) + last_words(f.pods),
               Evidence::definite, {"jobs"});
}

Found job_ended(const DeploymentFacts &f, const Limits &) {
    if (!f.job || f.job->succeeded <= 0) return {};
    const bool meant_to = f.deployment.is_job();
    return end(f, meant_to ? "JobFinished" : "JobEnded",
               (meant_to ? "its job has finished" : "its job ended, although a chute never ends by itself") +
                   last_words(f.pods),
               Evidence::definite, {"jobs"});
}

/// The pod ended and the job's status lags behind. A job makes no second pod here.
Found pod_ended(const DeploymentFacts &f, const Limits &) {
    const auto alive = [](const Pod &p) { return !p.ended(); };
    if (f.pods.empty() || std::any_of(f.pods.begin(), f.pods.end(), alive)) return {};
    return end(f, "PodEnded", "its only pod has ended" + last_words(f.pods), Evidence::definite, {"pods"});
}

Found instance_of_another_version(const DeploymentFacts &f, const Limits &) {
    if (!f.instance || f.instance->version.empty() || f.deployment.version.empty() ||
        f.instance->version == f.deployment.version)
        return {};
    return end(f, "InstanceVersionMismatch",
               "its instance runs version " + f.instance->version + ", it was deployed as " + f.deployment.version,
               Evidence::definite, {"instances"});
}

/// A job keeps the version it was started with; a rolling update says itself when this deployment's turn has come.
Found offer_of_another_version(const DeploymentFacts &f, const Limits &) {
    if (!f.offer || f.offer->version.empty() || f.deployment.version.empty() ||
        f.offer->version == f.deployment.version)
        return {};
    if (f.deployment.is_job() || f.offer->update_in_progress) return {};
    return end(f, "VersionChanged",
               f.deployment.offer_name + " is at version " + f.offer->version + " now, this is " + f.deployment.version,
               Evidence::definite, {"offers"});
}

// -- what is not there any more

Found objects_vanished(const DeploymentFacts &f, const Limits &l) {
    if (!objects_exist(f) || f.job || !f.pods.empty()) return {};
    if (!shows_absence(f, l, "jobs") || !shows_absence(f, l, "pods")) return {};
    return end(f, "ObjectsVanished", "neither its job nor its pod exists any more", Evidence::absence,
               {"jobs", "pods"});
}

/// A job that counts an active pod contradicts a listing without one: one of the two is late.
Found pod_vanished(const DeploymentFacts &f, const Limits &l) {
    if (!objects_exist(f) || !f.job || f.job->active > 0 || !f.pods.empty()) return {};
    if (!shows_absence(f, l, "pods") || !shows_absence(f, l, "jobs")) return {};
    return end(f, "PodVanished", "its pod does not exist any more, and its job runs none", Evidence::absence,
               {"pods", "jobs"});
}

Found instance_lost(const DeploymentFacts &f, const Limits &l) {
    if (!f.deployment.live() || f.deployment.instance_id.empty() || f.instance) return {};
    if (!shows_absence(f, l, "instances")) return {};
    return end(f, "InstanceLost", "the source lists instance " + f.deployment.instance_id + " no more",
               Evidence::absence, {"instances"});
}

// -- what took too long

Found stub_timeout(const DeploymentFacts &f, const Limits &l) {
    if (!f.deployment.stub() || f.deployment.age < l.stub) return {};
    return end(f, "StubTimeout",
               "it is " + minutes(f.deployment.age) + " old and still " + f.deployment.phase + "; the limit is " +
                   minutes(l.stub),
               Evidence::policy);
}

/// Only a source that is heard can be said not to have registered it.
Found init_timeout(const DeploymentFacts &f, const Limits &l) {
    if (f.deployment.phase != "created" || !f.deployment.instance_id.empty() || f.instance || f.deployment.is_job())
        return {};
    if (f.deployment.age < l.init || !f.views.usable("instances", l.view_max_age)) return {};
    return end(f, "InitTimeout",
               "it is " + minutes(f.deployment.age) + " old and no instance was registered; the limit is " +
                   minutes(l.init),
               Evidence::policy, {"instances"});
}

Found verify_timeout(const DeploymentFacts &f, const Limits &l) {
    if (f.deployment.phase != "registered" || f.deployment.is_job() || f.deployment.phase_age < l.verify) return {};
    if (!f.views.usable("instances", l.view_max_age)) return {};
    return end(f, "VerifyTimeout",
               "its instance is not verified after " + minutes(f.deployment.phase_age) + "; the limit is " +
                   minutes(l.verify),
               Evidence::policy, {"instances"});
}

Found activate_timeout(const DeploymentFacts &f, const Limits &l) {
    if (f.deployment.phase != "verified" || f.deployment.is_job() || f.deployment.phase_age < l.activate) return {};
    if (!f.views.usable("instances", l.view_max_age)) return {};
    return end(f, "ActivateTimeout",
               "its instance is not active " + minutes(f.deployment.phase_age) +
                   " after it was verified; the limit is " + minutes(l.activate),
               Evidence::policy, {"instances"});
}

constexpr Found (*rules[])(const DeploymentFacts &, const Limits &) = {&job_failed,
                                                                       &job_ended,
                                                                       &pod_ended,
                                                                       &instance_of_another_version,
                                                                       &offer_of_another_version,
                                                                       &objects_vanished,
                                                                       &pod_vanished,
                                                                       &instance_lost,
                                                                       &stub_timeout,
                                                                       &init_timeout,
                                                                       &verify_timeout,
                                                                       &activate_timeout};

double until_limit(const DeploymentFacts &f, const Limits &l) {
    const auto &d = f.deployment;
    double left = 0;
    if (d.stub()) left = l.stub - d.age;
    else if (d.phase == "created" && d.instance_id.empty() && !d.is_job()) left = l.init - d.age;
    else if (d.phase == "registered" && !d.is_job()) left = l.verify - d.phase_age;
    else if (d.phase == "verified" && !d.is_job()) left = l.activate - d.phase_age;
    return left > 0 ? left + 1 : 0;
}

} // namespace

Verdict judge(const DeploymentFacts &f, const Limits &own) {
    if (!f.deployment.live()) return {};
    Limits l = own;
    l.stub = f.stub_seconds.value_or(l.stub);
    l.init = f.init_seconds.value_or(l.init);
    for (const auto rule : rules)
        if (auto action = rule(f, l)) return {std::move(action), 0};
    return {std::nullopt, until_limit(f, l)};
}

} // namespace deployments
