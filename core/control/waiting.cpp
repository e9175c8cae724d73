// Why a deployment whose objects exist has no running pod. A Job shows in no field that its controller may not make a
// pod (a missing runtime class, a quota, an admission rule), nor a pod that its sandbox cannot be made; Events do.
#include "control/deployer_internal.hpp"
#include "control/json_writer.hpp"

namespace rigger::deployer {
namespace {

constexpr Duration first_look = std::chrono::seconds(10), look_again = std::chrono::seconds(60);

/// The pod says it itself.
bool telling(const std::string &reason) {
    return !reason.empty() && reason != "ContainerCreating" && reason != "PodInitializing";
}

struct Subject {
    std::string kind, name;
};
/// Its pod, or the Job that made none yet. Nothing to ask about: empty.
Subject subject_of(const Turn &turn, const Deployment &d) {
    const auto cluster = turn.state.clusters.find(d.cluster);
    if (cluster == turn.state.clusters.end()) return {};
    Subject subject;
    bool tells = false;
    cluster->second.pods.each_of(d.id, [&](const PodView &pod) {
        if (pod.terminating) return;
        tells = tells || telling(pod.reason);
        if (subject.name < pod.name) subject = {"Pod", pod.name};
    });
    if (tells) return {};
    if (subject.name.empty())
        cluster->second.jobs.each_of(d.id, [&](const JobView &job) { subject = {"Job", job.name}; });
    return subject;
}

} // namespace

void look_why_it_waits(Turn &turn, Track &t) {
    if (t.question) return;
    if (t.next_look.ns == 0) t.next_look = turn.mono + first_look;
    if (turn.mono < t.next_look) return turn.wake(t, t.next_look);
    t.next_look = turn.mono + look_again;
    turn.wake(t, t.next_look);
    Subject subject = subject_of(turn, *t.d);
    if (subject.name.empty()) {
        t.waits = {};
        return;
    }
    t.question = turn.launch(ExplainEffect{t.d, std::move(subject.kind), std::move(subject.name)},
                             turn.config.cluster_timeout, t.d->id);
}

void on_explained(Turn &turn, Track &t, const EffectDone &done) {
    if (t.d->phase != Phase::created || t.pending || t.announced) return; // it waits no more
    if (!done.result) {
        t.waits = {"", "no pod runs, and why cannot be read from its cluster: " + done.result.error().message, {}};
        return turn.touch();
    }
    const auto *const explained = std::get_if<Explained>(&*done.result);
    if (!explained) return;
    if (explained->newest.message.empty() && subject_of(turn, *t.d).kind == "Job") {
        t.waits = {"NoPod", "its Job has made no pod, and no event tells why: does kube-controller-manager run?", {}};
        return turn.touch();
    }
    const bool news = explained->newest.message != t.waits.message && !explained->newest.message.empty();
    t.waits = explained->newest;
    turn.touch();
    if (!news) return;
    JsonWriter json;
    json.begin_object()
        .field("deploymentId", t.d->id)
        .field("offerId", t.d->offer)
        .field("offerName", t.d->offer_name)
        .field("serverName", t.d->node_name);
    json.field("cause", t.waits.reason).field("reason", t.waits.message).end_object();
    turn.journal("deployment.waiting", json.take());
    turn.log.write(LogLevel::warn, "deployer",
                   "deployment " + t.d->id.value + " of " + t.d->offer_name + " has no running pod: " + t.waits.reason +
                       ": " + t.waits.message);
}

} // namespace rigger::deployer
