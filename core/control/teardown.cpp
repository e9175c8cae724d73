// The second half of the deployer: objects are removed and the claim released side by side; the GPUs are free when the
// pods are confirmed gone, the row goes when the source has been told as well.
#include "control/deployer_internal.hpp"
#include "control/forget.hpp"
#include "control/inventory.hpp"
#include "control/json_writer.hpp"
#include "control/same_cluster.hpp"

#include <algorithm>

namespace rigger::deployer {
namespace {

bool is_controller(const std::string &kind) { return kind == "Job" || kind == "Deployment" || kind == "StatefulSet"; }

/// Do the watches say that something of this deployment still exists? A view that is not trustworthy says nothing.
enum class Watched : uint8_t { none, some, unknown };
Watched watched(const Turn &turn, const Deployment &d) {
    const auto at = turn.state.clusters.find(d.cluster);
    if (at == turn.state.clusters.end()) return Watched::unknown;
    const ClusterBook &cluster = at->second;
    bool any = false, all = true;
    const auto look = [&](const auto &book) {
        const bool trusted = doubt(book.listing.freshness(), turn.mono, turn.config.view_max_age) == Doubt::none;
        any = any || (trusted && book.any_of(d.id));
        all = all && trusted;
    };
    look(cluster.pods), look(cluster.jobs), look(cluster.services);
    return any ? Watched::some : all ? Watched::none : Watched::unknown;
}

void finish(Turn &turn, Track &t) {
    const DeploymentPtr d = t.d;
    JsonWriter json;
    json.begin_object()
        .field("deploymentId", d->id)
        .field("offerId", d->offer)
        .field("offerName", d->offer_name)
        .field("serverName", d->node_name)
        .field("cause", d->end_cause);
    turn.journal("deployment.gone", json.end_object().take());
    turn.write(DeleteIntents{d->id});
    turn.write(DeleteDeployment{d->id});
    turn.log.write(LogLevel::info, "deployer", "deployment " + d->id.value + " of " + d->offer_name + " is gone");
    std::erase_if(turn.state.by_config, [&](const auto &entry) { return entry.second == d->id; });
    std::erase_if(turn.state.by_instance, [&](const auto &entry) { return entry.second == d->id; });
    turn.state.reconcile.dirty.erase(d->id);
    turn.state.tracks.erase(d->id);
    inventory::disown(turn, d->id);
    forget::after(turn, d->server);
    inventory::reconsider_node(turn, d->cluster, d->node_name);
    turn.touch();
    turn.replan();
}

/// What is seen has come: of an object that was asked for once nothing more is to be expected.
void note_landed(Track &t, const Listed &listed) {
    for (const ObjectMeta &object : listed.objects)
        if (const auto at = t.unsettled.find(object.kind + "/" + object.name);
            at != t.unsettled.end() && !at->second.several)
            t.unsettled.erase(at);
}

void objects_gone(Turn &turn, Track &t) {
    t.teardown->objects_gone = true;
    free_gpus(turn, t);
}

void step_release(Turn &turn, Track &t) {
    Teardown &down = *t.teardown;
    if (down.released || down.release) return;
    if (!t.may_have_claim) {
        down.released = true;
        return;
    }
    const MonoTime when =
        std::max(down.next_release, t.claim_settles_at); // a claim that lands after its release would stay for ever
    if (turn.mono < when) return turn.wake(t, when);
    put_intent(turn, t, "release");
    down.release = turn.launch(ReleaseEffect{t.d, t.d->instance, t.d->end_cause, t.d->end_reason},
                               turn.config.release_timeout, t.d->id);
}

void step_removal(Turn &turn, Track &t) {
    Teardown &down = *t.teardown;
    if (down.objects_gone || t.pending) return;
    if (!t.may_have_objects) return objects_gone(turn, t);
    if (turn.mono < t.next_try) return turn.wake(t, t.next_try);
    if (down.to_remove.empty()) {
        t.pending = turn.launch(ListEffect{t.d}, turn.config.cluster_timeout, t.d->id);
        return;
    }
    const ObjectMeta &object = down.to_remove.front();
    put_intent(turn, t, "remove:" + object.kind + "/" + object.name);
    const bool has_pods = is_controller(object.kind) || object.kind == "Pod";
    const int64_t grace =
        has_pods ? std::chrono::duration_cast<std::chrono::seconds>(turn.config.pod_grace).count() : -1;
    turn.metrics.decision("remove-object", t.d->end_cause);
    t.pending = turn.launch(RemoveEffect{t.d->cluster, object, has_pods, grace}, turn.config.cluster_timeout, t.d->id);
}

/// A pod on a machine that is off, or an object with a finalizer that nobody serves, never goes away: whose GPUs are
/// held by it should know.
void tell_what_lingers(Turn &turn, Track &t, const Listed &listed) {
    constexpr Duration patience = std::chrono::seconds(60);
    if (Duration(turn.mono_ns() - t.changed_ns) < turn.config.pod_grace + patience) return;
    const auto pod =
        std::find_if(listed.objects.begin(), listed.objects.end(), [](const ObjectMeta &o) { return o.kind == "Pod"; });
    const ObjectMeta &last = pod == listed.objects.end() ? listed.objects.front() : *pod;
    const ServerPtr server = turn.server(t.d->server);
    t.last_error = last.kind + " " + last.name + " does not go away";
    if (server && !server->ready)
        t.last_error += ": its node " + t.d->node_name +
                        " is not ready; if that machine is off for certain, take it out " +
                        "of the cluster (kubectl delete node " + t.d->node_name + ")";
    else t.last_error += "; its finalizers and the events of its node tell why";
    turn.touch();
}

} // namespace

void journal_removal(Turn &turn, const Deployment &d, const ObjectMeta &object, const std::string &cause,
                     const std::string &reason) {
    JsonWriter json;
    json.begin_object()
        .field("deploymentId", d.id)
        .field("cluster", d.cluster)
        .field("kind", object.kind)
        .field("name", object.name);
    json.field("offerName", d.offer_name)
        .field("serverName", d.node_name)
        .field("cause", cause)
        .field("reason", reason)
        .end_object();
    turn.journal("object.removed", json.take());
}

MonoTime objects_settle_at(const Track &t) {
    MonoTime last;
    for (const auto &[object, unsettled] : t.unsettled) last = std::max(last, unsettled.until);
    return last;
}

void free_gpus(Turn &turn, Track &t) {
    if (t.teardown->gpus_freed) return;
    t.teardown->gpus_freed = true;
    const ServerPtr old = turn.server(t.d->server);
    if (!old) return;
    Server changed = *old;
    auto still_held = held_on(turn, changed.id);
    std::vector<SetGpuOwner> heirs; // of a shared card: another that has a share of it
    for (Gpu &gpu : changed.gpus)
        if (gpu.deployment == t.d->id) {
            gpu.deployment = still_held[gpu.id].by;
            heirs.push_back({gpu.id, gpu.deployment});
        }
    turn.put_server(std::move(changed), false);
    for (SetGpuOwner &heir : heirs) turn.write(std::move(heir));
}

void step_teardown(Turn &turn, Track &t) {
    // An old row may come back from the store without its working notes.
    if (!t.teardown) t.teardown = std::make_unique<Teardown>();
    step_release(turn, t);
    step_removal(turn, t);
    if (t.teardown->objects_gone && t.teardown->released) finish(turn, t);
}

void on_listed(Turn &turn, Track &t, const Listed &listed) {
    if (!t.teardown) return;
    Teardown &down = *t.teardown;
    if (listed.objects.empty()) {
        // The cluster says "nothing". It is believed when its watch says so too; when the watch is blind, only if it
        // says so twice.
        ++down.empty_listings;
        // A cluster that lists nothing at all where much must be says nothing about this one either.
        const auto cluster = turn.state.clusters.find(t.d->cluster);
        if (cluster != turn.state.clusters.end() && cluster->second.pods.listing.empties() > 0) {
            t.next_try = turn.mono + turn.config.confirm_interval;
            t.last_error = cluster->second.pods.listing.freshness().error;
            return;
        }
        if (same_cluster::is_elsewhere(turn.state, *t.d)) {
            t.next_try = turn.mono + turn.config.confirm_interval;
            t.last_error = "its node is seen in another cluster than " + t.d->cluster.value;
            return;
        }
        const Watched seen = watched(turn, *t.d);
        if (const MonoTime until = objects_settle_at(t); turn.mono < until) {
            t.next_try = until;
            t.last_error = "an object whose creation was not answered may still appear";
            return;
        }
        if (seen == Watched::none || (seen == Watched::unknown && down.empty_listings >= 2))
            return objects_gone(turn, t);
        t.next_try = turn.mono + turn.config.confirm_interval;
        t.last_error =
            seen == Watched::some ? "the watch still shows some of it" : "the watch of its cluster is not complete";
        return;
    }
    down.empty_listings = 0;
    note_landed(t, listed);
    const bool owned_pods = std::any_of(listed.objects.begin(), listed.objects.end(),
                                        [](const ObjectMeta &o) { return is_controller(o.kind); });
    for (const ObjectMeta &object : listed.objects) {
        if (object.terminating || object.deployment != t.d->id) continue;
        if (object.kind == "Pod" && owned_pods) continue; // goes with its controller
        down.to_remove.push_back(object);
    }
    // Controllers first, so that nothing makes new pods.
    std::stable_sort(down.to_remove.begin(), down.to_remove.end(), [](const ObjectMeta &a, const ObjectMeta &b) {
        return is_controller(a.kind) > is_controller(b.kind);
    });
    t.next_try = down.to_remove.empty() ? turn.mono + turn.config.confirm_interval : turn.mono;
    if (down.to_remove.empty()) tell_what_lingers(turn, t, listed);
}

void on_removed(Turn &turn, Track &t, const Status &status) {
    const bool gone = status.ok() || status.error().code == Code::not_found;
    if (!t.teardown) { // an object of an older grant stood in the way
        if (!gone) return retry_later(turn, t, status.error());
        t.next_try = turn.mono + turn.config.retry_first;
        return;
    }
    Teardown &down = *t.teardown;
    if (!gone && status.error().code != Code::conflict) return retry_later(turn, t, status.error());
    t.attempts = t.odd_errors = 0;
    t.last_error.clear();
    if (!down.to_remove.empty()) {
        const ObjectMeta object = down.to_remove.front();
        down.to_remove.pop_front();
        confirm_intent(turn, t, "remove:" + object.kind + "/" + object.name, gone ? "ok" : status.error().reason);
        journal_removal(turn, *t.d, object, t.d->end_cause, t.d->end_reason);
    }
    if (down.to_remove.empty()) {
        // Soon enough for what goes at once; the watch wakes us earlier or later than that for pods with a grace
        // period.
        t.next_try = turn.mono + std::min<Duration>(turn.config.confirm_interval, turn.config.retry_first);
    }
}

void on_released(Turn &turn, Track &t, const Status &status) {
    if (!t.teardown) return;
    Teardown &down = *t.teardown;
    const bool gone = status.ok() || status.error().code == Code::not_found;
    const bool hopeless = !gone && (status.error().code == Code::invalid || status.error().code == Code::unsupported ||
                                    status.error().code == Code::denied || status.error().code == Code::internal);
    ++down.release_attempts;
    down.odd_releases = hopeless ? down.odd_releases + 1 : 0;
    if (gone || down.odd_releases >= turn.config.unknown_error_attempts) {
        down.released = true;
        confirm_intent(turn, t, "release", gone ? "ok" : status.error().reason);
        if (!gone)
            turn.problem("deployer",
                         "could not release the claim of deployment " + t.d->id.value + " at source " +
                             t.d->source.value + ": " + status.error().message +
                             "; the source may show it until it notices by itself",
                         LogLevel::error);
        return;
    }
    t.last_error = "release: " + status.error().message;
    down.next_release = turn.mono + turn.backoff(down.release_attempts, status.error().retry_after_ms);
    turn.wake(t, down.next_release);
}

void retry_later(Turn &turn, Track &t, const Error &error) {
    ++t.attempts;
    t.odd_errors = error.code == Code::internal ? t.odd_errors + 1 : 0;
    t.last_error = error.message;
    t.next_try = turn.mono + turn.backoff(t.attempts, error.retry_after_ms);
    turn.wake(t, t.next_try);
    turn.touch();
    if (t.attempts == 3)
        turn.problem("deployer", "deployment " + t.d->id.value + " of " + t.d->offer_name + " on " + t.d->node_name +
                                     " is held up: " + error.message + "; it is tried again by itself");
}

bool is_final(const Turn &turn, const Track &t, const std::string &effect, const Error &error) {
    switch (error.code) {
    case Code::invalid: return !is_unknown_cluster(error); // which may only have another name now
    case Code::denied:
    case Code::unsupported: return true;
    case Code::not_found: return error.reason != "NamespaceMissing"; // which an operator can make
    case Code::conflict: return error.reason == "NotOurs";
    case Code::internal: // what runs already is kept: it may register by itself, and init_limit bounds the wait
        return effect != "announce" && t.odd_errors + 1 >= turn.config.unknown_error_attempts;
    default: return false;
    }
}

bool leaves_something(std::string_view effect) {
    return effect == "claim" || effect == "announce" || effect.starts_with("apply");
}

void put_intent(Turn &turn, const Track &t, const std::string &effect, std::string outcome) {
    turn.write(PutIntent{{t.d->id.value + "/" + effect, t.d->id, effect, turn.wall, {}, std::move(outcome)}});
}

void confirm_intent(Turn &turn, const Track &t, const std::string &effect, const std::string &outcome) {
    turn.write(ConfirmIntent{t.d->id.value + "/" + effect, turn.wall, outcome});
}

} // namespace rigger::deployer
