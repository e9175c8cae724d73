#include "control/deployer.hpp"

#include "control/deployer_internal.hpp"
#include "control/inventory.hpp"
#include "control/json_writer.hpp"
#include "domain/failure_memory.hpp"
#include "domain/objects.hpp"

#include <algorithm>

namespace rigger::deployer {
namespace {

Error refused(std::string reason, std::string message) {
    return {Code::conflict, std::move(reason), std::move(message), 0};
}

/// Whole GPUs must be free; a card that others have a share of may have room for one more.
bool has_room(const Turn &turn, const StartRequest &r, const Gpu &gpu, int taken_milli) {
    if (!r.offer->needs.shares_gpu()) return gpu.free() && taken_milli == 0;
    const bool owner_known = gpu.deployment.empty() || turn.state.tracks.contains(gpu.deployment);
    return gpu.verified && !gpu.reserved && !gpu.set_aside && owner_known &&
           taken_milli + r.offer->needs.gpu_milli <= 1000;
}

Status check_start(const Turn &turn, const StartRequest &r, bool automatic) {
    const auto source = turn.state.sources.find(r.offer->source);
    if (source == turn.state.sources.end() || !source->second.attached)
        return refused("SourceMissing", "its source '" + r.offer->source.value + "' is not loaded; enable the plugin");
    if (const auto ban = turn.state.bans.find(r.offer->id); ban != turn.state.bans.end())
        return refused("Banned", "the offer is banned: " + ban->second + "; `rigger unban` lifts it");
    if (turn.state.forgetting.contains(r.server->id))
        return refused("ServerForgotten",
                       "server " + r.server->name +
                           " goes off the record (`rigger forget`) once its last deployment is gone");
    if (r.server->locked)
        return refused("ServerLocked", "server " + r.server->name + " is locked; `rigger unlock` opens it");
    if (automatic && !r.server->ready)
        return refused("ServerNotReady", "server " + r.server->name + " is not ready any more");
    const auto taken = held_on(turn, r.server->id);
    const ServerPtr as_used = inventory::with_use(turn.state, r.server);
    const auto &gpus = as_used->gpus;
    for (const GpuId &id : r.gpus) {
        const auto gpu = std::find_if(gpus.begin(), gpus.end(), [&](const Gpu &g) { return g.id == id; });
        if (gpu == gpus.end() || !has_room(turn, r, *gpu, taken.contains(id) ? taken.at(id).milli : 0))
            return refused("NotEnoughFreeGpus",
                           "GPU " + id.value + " of server " + r.server->name + " is not free any more; plan again");
    }
    if (static_cast<int>(r.gpus.size()) != r.offer->needs.gpu_count)
        return refused("NotEnoughFreeGpus", "the offer needs " + std::to_string(r.offer->needs.gpu_count) + " GPUs");
    int copies = 0;
    for (const auto &[id, track] : turn.state.tracks) {
        if (!track.d->live() || track.d->offer != r.offer->id) continue;
        ++copies;
        if (track.d->server == r.server->id && automatic)
            return refused("AlreadyHere",
                           "deployment " + id.value + " of the same offer runs on server " + r.server->name);
    }
    if (automatic && r.offer->max_instances && copies >= *r.offer->max_instances)
        return refused("OfferCapReached", "the source allows " + std::to_string(*r.offer->max_instances) + " copies");
    return {};
}

void own_gpus(Turn &turn, const Deployment &d) {
    const ServerPtr old = turn.server(d.server);
    if (!old) return;
    Server changed = *old;
    for (Gpu &gpu : changed.gpus) {
        if (!gpu.deployment.empty() || std::find(d.gpus.begin(), d.gpus.end(), gpu.id) == d.gpus.end())
            continue; // who shares a card first is its owner
        gpu.deployment = d.id;
        turn.write(SetGpuOwner{gpu.id, d.id});
    }
    turn.put_server(std::move(changed), false);
}

std::string ending_document(const Deployment &d, const std::string &by) {
    JsonWriter json;
    json.begin_object()
        .field("deploymentId", d.id)
        .field("offerId", d.offer)
        .field("offerName", d.offer_name)
        .field("serverName", d.node_name);
    json.field("cause", d.end_cause).field("reason", d.end_reason).field("operatorWish", d.operator_wish);
    return json.text_or_null("by", by).end_object().take();
}

void start_claim(Turn &turn, Track &t, const OfferPtr &offer, const ServerPtr &server) {
    put_intent(turn, t, "claim");
    t.may_have_claim = true;
    t.pending = turn.launch(ClaimEffect{t.d, offer, server}, turn.config.claim_timeout, t.d->id);
}

/// What deployments share (the code of one chute version) names none of them and outlives each.
bool is_shared(const ObjectMeta &meta) { return meta.kind == "ConfigMap" && meta.deployment.empty() && meta.managed; }

std::string intent_of(const ObjectMeta &meta) {
    return (is_shared(meta) ? "share:" : "apply:") + meta.kind + "/" + meta.name;
}

void start_apply(Turn &turn, Track &t, const std::string &object, const ObjectMeta &meta) {
    t.applying = is_shared(meta) ? std::string() : meta.kind + "/" + meta.name;
    t.applying_again = t.of_previous_run || t.attempts > 0 || t.unsettled.contains(t.applying);
    put_intent(turn, t, intent_of(meta), t.applying_again ? "repeated" : "");
    t.may_have_objects = true;
    t.pending = turn.launch(ApplyEffect{t.d, object, meta.kind, meta.name}, turn.config.cluster_timeout, t.d->id);
}

/// The next object to apply, or the next round of rendering, or done.
void step_claimed(Turn &turn, Track &t, const OfferPtr &offer, const ServerPtr &server) {
    if (!t.grant) return start_claim(turn, t, offer, server);
    if (t.apply_at < t.to_apply.size()) {
        const std::string &object = t.to_apply[t.apply_at];
        const auto meta = project_meta(object);
        if (!meta || (meta->deployment != t.d->id && !is_shared(*meta))) {
            const std::string why =
                meta ? "it does not carry the label " + std::string(deployment_label) + " of its deployment"
                     : meta.error().message;
            return end(turn, t, {"RenderFailed", "an object that the source rendered cannot be used: " + why});
        }
        return start_apply(turn, t, object, *meta);
    }
    if (!t.render_done) {
        t.pending =
            turn.launch(RenderEffect{t.d, offer, server, t.grant, t.applied}, turn.config.render_timeout, t.d->id);
        return;
    }
    Deployment d = *t.d;
    d.host = server->ip_address;
    for (const std::string &object : t.applied)
        if (const auto service = project_service(object); service && !service->node_ports.empty() && d.port == 0)
            d.port = service->node_ports.front();
    t.applied = {};
    t.to_apply = {};
    t.grant.reset();
    turn.put(t, moved(std::move(d), Phase::created, turn.wall));
    turn.log.write(LogLevel::info, "deployer",
                   "deployment " + t.d->id.value + " of " + t.d->offer_name + " exists on " + t.d->node_name);
    // An instance that was known early by its config id moves it on.
    if (!t.d->instance.empty()) {
        const Deployment known = with_instance(
            *t.d, {t.d->instance, t.d->verified_at.has_value(), t.d->activated_at.has_value(), {}}, turn.wall);
        if (known.phase != t.d->phase) turn.put(t, known);
    }
    step(turn, t.d->id);
}

const PodView *running_pod(const State &state, const Deployment &d) {
    const PodView *found = nullptr;
    if (const auto cluster = state.clusters.find(d.cluster); cluster != state.clusters.end())
        cluster->second.pods.each_of(d.id, [&](const PodView &pod) {
            if (pod.phase == "Running" && !pod.terminating && (!found || pod.name < found->name)) found = &pod;
        });
    return found;
}

void step_created(Turn &turn, Track &t) {
    if (t.announced || !t.d->instance.empty()) return;
    const PodView *pod = running_pod(turn.state, *t.d);
    if (!pod) return look_why_it_waits(turn, t);
    t.waits = {};
    std::vector<int> ports;
    turn.state.clusters[t.d->cluster].services.each_of(
        t.d->id, [&](const ServiceView &s) { ports.insert(ports.end(), s.node_ports.begin(), s.node_ports.end()); });
    if (ports.empty() && t.d->port != 0) ports.push_back(t.d->port);
    put_intent(turn, t, "announce");
    t.pending = turn.launch(AnnounceEffect{t.d, std::move(ports), pod->name}, turn.config.announce_timeout, t.d->id);
}

void step_forward(Turn &turn, Track &t) {
    if (t.d->phase > Phase::created) return;
    if (t.d->phase == Phase::created) return step_created(turn, t);
    const OfferPtr offer = turn.offer(t.d->source, t.d->offer);
    const ServerPtr server = turn.server(t.d->server);
    if (!offer || !server) {
        t.last_error = offer ? "its server is not known" : "its offer is not in the market";
        t.next_try = turn.mono + turn.config.confirm_interval;
        return turn.wake(t, t.next_try);
    }
    if (t.d->phase == Phase::planned) return start_claim(turn, t, offer, server);
    step_claimed(turn, t, offer, server);
}

void on_claimed(Turn &turn, Track &t, const Claimed &claimed) {
    confirm_intent(turn, t, "claim", "ok");
    if (!t.d->live()) return;
    t.grant = std::make_shared<const Grant>(claimed.grant);
    t.applied.clear();
    t.to_apply.clear();
    t.apply_at = 0;
    t.render_done = false;
    Deployment d = *t.d;
    d.config_id = claimed.grant.config_id;
    turn.put(t, d.phase == Phase::planned ? moved(std::move(d), Phase::claimed, turn.wall) : std::move(d));
}

void on_rendered(Turn &turn, Track &t, const Rendered &rendered) {
    if (!t.d->live()) return;
    t.to_apply = rendered.objects;
    t.apply_at = 0;
    t.render_done = rendered.done;
    constexpr size_t most_objects = 64; // a render that never says done must not run for ever
    if ((rendered.objects.empty() && !rendered.done) || t.applied.size() + rendered.objects.size() > most_objects)
        end(turn, t,
            {"RenderFailed", rendered.objects.empty()
                                 ? "the source rendered nothing and did not say that it is done"
                                 : "the source rendered more than " + std::to_string(most_objects) + " objects"});
}

void on_applied(Turn &turn, Track &t, const Applied &applied) {
    const auto meta = project_meta(applied.object);
    if (applied.stale_grant) {
        if (!t.d->live() || !meta) return;
        journal_removal(turn, *t.d, *meta, "StaleGrant", "it was made with an older grant and stands in the way");
        turn.metrics.decision("remove-object", "StaleGrant");
        turn.log.write(LogLevel::warn, "deployer",
                       "removing " + meta->kind + " " + meta->name + " of deployment " + t.d->id.value +
                           ": it was made with an older grant");
        t.pending = turn.launch(RemoveEffect{t.d->cluster, *meta, true, 0}, turn.config.cluster_timeout, t.d->id);
        return;
    }
    if (meta) confirm_intent(turn, t, intent_of(*meta), "ok");
    if (const auto earlier = t.unsettled.find(t.applying); earlier != t.unsettled.end()) earlier->second.several = true;
    if (!t.d->live()) return;
    if (!t.applying.empty() && std::find(t.made.begin(), t.made.end(), t.applying) == t.made.end())
        t.made.push_back(t.applying);
    t.applied.push_back(applied.object);
    ++t.apply_at;
}

void on_announced(Turn &turn, Track &t, const Announced &announced) {
    confirm_intent(turn, t, "announce", "ok");
    t.announced = true;
    if (!announced.instance.empty())
        on_instance(turn, t.d->source, announced.instance, t.d->config_id, false, false, {});
}

/// The cause of an end, by the name of the effect that failed.
const char *cause_of(const std::string &effect) {
    if (effect == "claim") return "ClaimFailed";
    if (effect == "render") return "RenderFailed";
    if (effect == "announce") return "AnnounceFailed";
    return "ApplyFailed";
}

/// Only that it does not exist counts, said of each object; anything else begins anew.
void on_looked(const Turn &turn, Track &t, const EffectDone &done) {
    const auto *const looked = done.result ? std::get_if<Looked>(&*done.result) : nullptr;
    if (!looked || looked->any) {
        t.missing = {};
        return;
    }
    if (t.missing.times++ == 0) t.missing.since = turn.mono;
    t.missing.last = turn.mono;
}

/// The other side refused: nothing happened and nothing will.
bool is_definite(const Error &error) {
    switch (error.code) {
    case Code::invalid:
    case Code::not_found:
    case Code::conflict:
    case Code::denied:
    case Code::unsupported:
    case Code::exhausted: return true;
    default: return error.reason == "NotSent" || error.reason == "NotLoaded";
    }
}

void on_failure(Turn &turn, Track &t, const std::string &effect, const Error &error) {
    if (leaves_something(effect) && !is_definite(error)) {
        const MonoTime until = turn.mono + turn.config.effect_hard_limit;
        if (effect != "apply") t.claim_settles_at = until;
        else if (!t.applying.empty()) t.unsettled[t.applying] = {until, t.applying_again};
    }
    if (!t.d->live()) return retry_later(turn, t, error);
    if (effect == "claim" && error.code == Code::exhausted) {
        const Duration pause = error.retry_after_ms ? Duration(std::chrono::milliseconds(error.retry_after_ms))
                                                    : turn.config.exhausted_backoff;
        turn.state.backoffs[t.d->offer] = {error.message, turn.mono + pause};
        turn.write(PutBackoff{{t.d->offer, turn.wall + pause, error.message}});
        return end(turn, t, {"ClaimExhausted", error.message}, false);
    }
    if (!is_final(turn, t, effect, error)) return retry_later(turn, t, error);
    end(turn, t, {error.code == Code::denied && effect == "claim" ? "ClaimDenied" : cause_of(effect), error.message});
}

} // namespace

std::unordered_map<GpuId, Held> held_on(const Turn &turn, const ServerId &server) {
    std::unordered_map<GpuId, Held> held;
    for (const auto &[id, track] : turn.state.tracks) {
        const Deployment &d = *track.d;
        if (d.server != server || (track.teardown && track.teardown->gpus_freed)) continue;
        for (const GpuId &gpu : d.gpus) {
            held[gpu].milli += d.gpu_milli;
            held[gpu].by = id;
        }
    }
    return held;
}

Result<DeploymentId> start(Turn &turn, const StartRequest &r) {
    const bool automatic = r.principal == "placement";
    RIG_TRY(check_start(turn, r, automatic));
    Deployment d;
    d.id = DeploymentId(make_uuid(turn.random));
    d.source = r.offer->source;
    d.validator = r.server->validator.empty() ? r.offer->source.value : r.server->validator;
    d.offer = r.offer->id;
    d.offer_name = r.offer->name;
    d.server = r.server->id;
    d.cluster = r.server->cluster;
    d.node_name = r.server->name;
    d.namespace_name = turn.config.namespace_name;
    d.version = r.offer->version;
    d.preemptible = r.offer->preemptible;
    d.gpus = r.gpus;
    d.gpu_milli = r.offer->needs.milli_each();
    d.created_at = d.phase_since = turn.wall;
    Track &t = turn.state.tracks[d.id];
    t.born_ns = turn.mono_ns();
    turn.put(t, d);
    own_gpus(turn, d);
    JsonWriter json;
    json.begin_object()
        .field("deploymentId", d.id)
        .field("offerId", d.offer)
        .field("offerName", d.offer_name)
        .field("serverName", d.node_name);
    json.field("reason", r.reason).field("by", r.principal).end_object();
    turn.journal("deployment.planned", json.take());
    turn.metrics.decision("deploy", automatic ? "Placement" : "OperatorRequest");
    ++turn.state.status.decisions;
    turn.log.write(LogLevel::info, "deployer",
                   "deploying " + d.offer_name + " on " + d.node_name + " as " + d.id.value + ": " + r.reason);
    step(turn, d.id);
    return d.id;
}

void end(Turn &turn, Track &t, const Ending &ending, bool failure) {
    if (!t.d->live()) return;
    Deployment d = ended(*t.d, ending, turn.wall);
    t.teardown = std::make_unique<Teardown>();
    t.attempts = t.odd_errors = 0;
    t.next_try = turn.mono;
    t.last_error.clear();
    t.waits = {};
    t.applied = {};
    t.to_apply = {};
    t.grant.reset();
    if (failure) {
        // Age by the monotonic clock: a jump of the wall clock neither makes nor hides a young death.
        Deployment aged = d;
        aged.created_at = turn.wall + Duration(t.born_ns - turn.mono_ns());
        const auto fresh = failure_marks(aged, turn.wall, {turn.config.failure_window, turn.config.failure_memory});
        remember_failures(turn, fresh);
    }
    turn.put(t, std::move(d));
    turn.journal("deployment.terminating", ending_document(*t.d, ending.by));
    turn.metrics.decision("terminate", t.d->end_cause);
    ++turn.state.status.decisions;
    turn.log.write(ending.operator_wish ? LogLevel::info : LogLevel::warn, "deployer",
                   "ending deployment " + t.d->id.value + " of " + t.d->offer_name + " on " + t.d->node_name + ": " +
                       ending.cause + ": " + ending.reason);
    turn.wake(t, turn.mono);
}

void remember_failures(Turn &turn, const std::vector<FailureMark> &fresh) {
    for (const FailureMark &mark : fresh) turn.write(PutFailureMark{mark});
    for (const FailureMark &old : turn.state.failures) {
        const bool renewed = std::any_of(fresh.begin(), fresh.end(), [&](const FailureMark &mark) {
            return mark.offer == old.offer && mark.server == old.server;
        });
        if (!renewed && !stands(old, turn.wall)) turn.write(DeleteFailureMark{old.offer, old.server});
    }
    turn.state.failures = remember(std::move(turn.state.failures), fresh, turn.wall);
}

void expect_aftermath(Turn &turn, const Intent &open) {
    Track *t = turn.track(open.deployment);
    if (!t || !leaves_something(open.effect)) return;
    const MonoTime until = turn.mono + turn.config.effect_hard_limit;
    constexpr std::string_view apply = "apply:";
    if (!open.effect.starts_with(apply)) t->claim_settles_at = until;
    else t->unsettled[open.effect.substr(apply.size())] = {until, open.outcome == "repeated"};
}

void step(Turn &turn, const DeploymentId &id) {
    Track *t = turn.track(id);
    if (!t || t->pending || turn.state.commits.failing)
        return; // when the store can be written again, all of them are woken
    if (t->d->phase == Phase::terminating) return step_teardown(turn, *t);
    if (turn.mono < t->next_try) return turn.wake(*t, t->next_try);
    step_forward(turn, *t);
}

void on_effect(Turn &turn, const DeploymentId &id, const EffectDone &done) {
    Track *t = turn.track(id);
    if (!t) return;
    const std::string effect = turn.state.in_flight.at(done.id).name;
    if (t->teardown && t->teardown->release == done.id) {
        t->teardown->release = 0;
        on_released(turn, *t, done.result ? Status() : Status(done.result.error()));
        return step(turn, id);
    }
    if (t->question == done.id) {
        t->question = 0;
        effect == "look" ? on_looked(turn, *t, done) : on_explained(turn, *t, done);
        return step(turn, id);
    }
    if (t->pending != done.id) return;
    t->pending = 0;
    if (effect == "remove") {
        on_removed(turn, *t, done.result ? Status() : Status(done.result.error()));
    } else if (!done.result) {
        on_failure(turn, *t, effect, done.result.error());
    } else {
        t->attempts = t->odd_errors = 0;
        t->last_error.clear();
        t->next_try = turn.mono;
        const auto &answer = *done.result;
        if (const auto *claimed = std::get_if<Claimed>(&answer)) on_claimed(turn, *t, *claimed);
        if (const auto *rendered = std::get_if<Rendered>(&answer)) on_rendered(turn, *t, *rendered);
        if (const auto *applied = std::get_if<Applied>(&answer)) on_applied(turn, *t, *applied);
        if (const auto *announced = std::get_if<Announced>(&answer)) on_announced(turn, *t, *announced);
        if (const auto *listed = std::get_if<Listed>(&answer)) on_listed(turn, *t, *listed);
    }
    step(turn, id);
}

void look_for(Turn &turn, Track &t) {
    if (t.question || t.pending || t.made.empty() || !t.d->live()) return;
    t.question = turn.launch(LookEffect{t.d, t.made}, turn.config.cluster_timeout, t.d->id);
}

bool is_confirmed_missing(const Turn &turn, const Track &t) {
    constexpr int often = 3;
    constexpr Duration for_long = std::chrono::minutes(3);
    return t.missing.times >= often && t.missing.last - t.missing.since >= for_long &&
           turn.mono - t.missing.last <= turn.config.view_max_age;
}

void on_objects_changed(Turn &turn, const DeploymentId &id) {
    Track *t = turn.track(id);
    if (!t) return;
    turn.reconcile_soon(id);
    t->missing = {};
    if (t->d->phase == Phase::terminating) {
        const auto cluster = turn.state.clusters.find(t->d->cluster);
        const bool any = cluster != turn.state.clusters.end() &&
                         (cluster->second.pods.any_of(id) || cluster->second.jobs.any_of(id));
        if (t->teardown && t->teardown->to_remove.empty() && (!any || objects_settle_at(*t) > turn.mono))
            t->next_try = turn.mono; // worth a confirming look at once
    }
    if (t->d->phase == Phase::created || t->d->phase == Phase::terminating) step(turn, id);
}

DeploymentId on_instance(Turn &turn, const SourceName &source, const InstanceId &instance, const std::string &config_id,
                         bool verified, bool active, std::optional<WallTime> verified_at) {
    const DeploymentId id = turn.owner(source, instance, config_id);
    Track *t = turn.track(id);
    if (!t) return {};
    Deployment d = with_instance(*t->d, {instance, verified, active, verified_at}, turn.wall);
    const Deployment &old = *t->d;
    if (d.phase == old.phase && d.instance == old.instance && d.verified_at == old.verified_at &&
        d.activated_at == old.activated_at)
        return id;
    if (d.phase != old.phase) {
        turn.log.write(LogLevel::info, "deployer",
                       "deployment " + id.value + " of " + d.offer_name + " is " + std::string(phase_name(d.phase)));
        t->last_error.clear();
        t->waits = {};
    }
    turn.put(*t, std::move(d));
    return id;
}

void on_instance_gone(Turn &turn, const SourceName &source, const InstanceId &instance, const std::string &config_id,
                      const std::string &reason) {
    const DeploymentId id = turn.owner(source, instance, config_id);
    auto &known = turn.state.by_instance;
    std::erase_if(known, [&](const auto &entry) { return entry.second == id && entry.first.second == instance; });
    Track *t = turn.track(id);
    if (!t || !t->d->live()) return;
    if (!t->d->instance.empty() && t->d->instance != instance) return; // an older instance of the same grant
    const auto other = std::find_if(known.begin(), known.end(), [&](const auto &entry) { return entry.second == id; });
    if (other != known.end()) { // the older one was heard of last; if the newer is gone as well, that is told or seen
        Deployment d = *t->d;
        d.instance = other->first.second;
        return turn.put(*t, std::move(d));
    }
    end(turn, *t,
        {"InstanceDeleted", "the source deleted instance " + instance.value + (reason.empty() ? "" : ": " + reason)});
    step(turn, id);
}

} // namespace rigger::deployer
