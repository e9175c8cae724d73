#include "control/reconcile_driver.hpp"

#include "control/ages.hpp"
#include "control/deployer.hpp"
#include "control/json_writer.hpp"
#include "control/market.hpp"
#include "control/publisher.hpp"
#include "control/same_cluster.hpp"
#include "domain/objects.hpp"

#include <algorithm>

namespace rigger::reconcile {
namespace {

constexpr Duration recycle_patience = std::chrono::seconds(10); ///< for the listings that a recycle asks for

std::map<std::string, uint64_t> generations(const State &s) {
    std::map<std::string, uint64_t> all;
    for (const auto &[name, book] : s.sources)
        if (book.attached) all["source/" + name.value] = book.offers_listing.freshness().generation;
    for (const auto &[name, book] : s.clusters)
        if (s.backends.contains(backend_of(name)))
            all["cluster/" + name.value] = book.pods.listing.freshness().generation;
    return all;
}

bool listed_anew(const State &s, const Recycle &recycle) {
    const auto now = generations(s);
    return std::all_of(recycle.wanted.begin(), recycle.wanted.end(), [&](const auto &entry) {
        const auto at = now.find(entry.first);
        return at == now.end() || at->second > entry.second;
    });
}

void begin_pass(Turn &turn, bool full) {
    ReconcileState &r = turn.state.reconcile;
    const auto published = publish(turn);
    ReconcileEffect pass;
    pass.snapshot = published->snapshot;
    pass.stub_limit = turn.config.stub_limit;
    pass.init_limit = turn.config.init_limit;
    r.subjects.clear();
    for (const auto &[id, track] : turn.state.tracks) {
        if (full || r.dirty.contains(id)) {
            pass.subjects.push_back(pass.deployments.size());
            r.subjects.push_back("deployment/" + id.value);
        }
        pass.deployments.push_back(
            {track.d, Duration(turn.mono_ns() - track.born_ns), Duration(turn.mono_ns() - track.changed_ns)});
    }
    if (full) {
        for (const auto &[name, book] : turn.state.sources)
            if (book.attached) pass.sources.push_back(name), r.subjects.push_back("source/" + name.value);
        for (const auto &[name, book] : turn.state.clusters)
            pass.clusters.push_back(name), r.subjects.push_back("cluster/" + name.value);
        pass.stored = std::make_shared<const std::vector<std::pair<OfferId, std::pair<SourceName, std::string>>>>(
            turn.state.stored.begin(), turn.state.stored.end());
        r.last_full = turn.mono;
        r.ever = true;
        r.requeue.reset();
    }
    r.dirty.clear();
    r.full = full;
    r.started = turn.mono;
    r.snapshot = pass.snapshot;
    turn.state.status.reconcile.running = true;
    r.running = turn.launch(std::move(pass), turn.config.reconcile_timeout);
}

using Views = std::vector<std::pair<std::string, Freshness>>;

void add_source(Views &views, const Snapshot &snapshot, const std::string &name) {
    for (const SourceState &source : snapshot.sources)
        if (source.name.value == name) {
            views.emplace_back("offers", source.offers);
            views.emplace_back("instances", source.instances);
        }
}
void add_cluster(Views &views, const Snapshot &snapshot, const std::string &name) {
    for (const ClusterState &cluster : snapshot.clusters)
        if (cluster.name.value == name) {
            views.emplace_back("nodes", cluster.nodes);
            views.emplace_back("pods", cluster.pods);
            views.emplace_back("jobs", cluster.jobs);
            views.emplace_back("services", cluster.services);
        }
}

/// What a proposal is about, as it stands now: its age and the views it may rest on. An error: it may not be done at
/// all.
struct Subject {
    Views views;
    Duration age{};
};

bool rests_on(const ReconcileAction &a, std::string_view view) {
    return std::find(a.views.begin(), a.views.end(), view) != a.views.end();
}

bool is_ignored(const State &s, const Deployment &d) {
    const auto source = s.sources.find(d.source);
    return source != s.sources.end() && source->second.ignored.contains(d.offer);
}

Result<Subject> look_up(Turn &turn, const ProposedBy &by, const ReconcileAction &a) {
    const State &s = turn.state;
    const Snapshot &shot = *s.reconcile.snapshot;
    Subject subject;
    const auto missing = [](std::string what) { return not_found("NothingToDo", std::move(what)); };
    switch (a.verb) {
    case ReconcileVerb::terminate: {
        const Track *t = turn.track(DeploymentId(a.deployment));
        if (!t || !t->d->live()) return missing("the deployment has ended");
        // What the snapshot lacks may have come since; what has not is found missing by the next pass as well.
        if (a.evidence == Evidence::absence && s.reconcile.dirty.contains(t->d->id))
            return missing("something about it changed since the snapshot was taken");
        if (a.evidence == Evidence::absence && same_cluster::is_elsewhere(s, *t->d))
            return missing("its node is seen in another cluster");
        if (a.evidence == Evidence::absence && rests_on(a, "offers") && is_ignored(s, *t->d))
            return missing("its source lists the offer, whose id another source has");
        add_source(subject.views, shot, t->d->source.value);
        add_cluster(subject.views, shot, t->d->cluster.value);
        subject.age = Duration(turn.mono_ns() - t->changed_ns);
        return subject;
    }
    case ReconcileVerb::remove_object: {
        const auto cluster = s.clusters.find(ClusterName(a.cluster));
        if (cluster == s.clusters.end()) return missing("the cluster is not known");
        add_cluster(subject.views, shot, a.cluster);
        DeploymentId owner;
        // Its age by what we saw ourselves: the cluster's clock and ours may differ, and both may jump.
        const auto look = [&](const auto &book) {
            const auto object = book.find(a.namespace_name, a.name);
            if (!object || object->uid != a.uid) return;
            owner = object->deployment;
            subject.age = turn.mono - book.first_seen(a.namespace_name, a.name);
        };
        if (a.kind == "Pod") look(cluster->second.pods);
        if (a.kind == "Job") look(cluster->second.jobs);
        if (a.kind == "Service") look(cluster->second.services);
        if (owner.empty()) return missing("no such object of ours is seen any more");
        if (turn.track(owner)) return missing("the object belongs to deployment " + owner.value);
        return subject;
    }
    case ReconcileVerb::release_instance: {
        const auto source = s.sources.find(SourceName(a.source));
        if (source == s.sources.end()) return missing("the source is not known");
        const auto at = source->second.instances.find(InstanceId(a.instance));
        if (at == source->second.instances.end()) return missing("the source does not list the instance any more");
        if (!turn.owner(source->first, at->first, at->second.instance->config_id).empty())
            return missing("the instance belongs to a deployment");
        add_source(subject.views, shot, a.source);
        subject.age = turn.mono - at->second.first_seen;
        return subject;
    }
    case ReconcileVerb::delete_offer:
        if (!s.stored.contains(OfferId(a.offer))) return missing("the offer is not stored");
        add_source(subject.views, shot, a.source);
        subject.age = Duration::max();
        return subject;
    }
    return missing(by.action.id);
}

std::string target_of(const ReconcileAction &a) {
    switch (a.verb) {
    case ReconcileVerb::terminate: return "deployment " + a.deployment;
    case ReconcileVerb::remove_object: return a.kind + " " + a.namespace_name + "/" + a.name + " in " + a.cluster;
    case ReconcileVerb::release_instance: return "instance " + a.instance + " of " + a.source;
    case ReconcileVerb::delete_offer: return "offer " + a.offer + " of " + a.source;
    }
    return {};
}

/// `by`: whose command led to it; empty: nobody's.
Status carry_out(Turn &turn, const ReconcileAction &a, const std::string &by) {
    const std::string cause = a.cause.empty() ? "Reconciled" : a.cause;
    switch (a.verb) {
    case ReconcileVerb::terminate: {
        Track *t = turn.track(DeploymentId(a.deployment));
        deployer::end(turn, *t, {cause, a.reason, false, by});
        deployer::step(turn, DeploymentId(a.deployment));
        return {};
    }
    case ReconcileVerb::remove_object: {
        const bool pods = a.kind == "Job" || a.kind == "Pod" || a.kind == "Deployment" || a.kind == "StatefulSet";
        turn.launch(
            RemoveEffect{ClusterName(a.cluster),
                         ObjectMeta{a.api_version, a.kind, a.namespace_name, a.name, a.uid, {}, {}, false}, pods,
                         pods ? std::chrono::duration_cast<std::chrono::seconds>(turn.config.pod_grace).count() : -1},
            turn.config.cluster_timeout);
        break;
    }
    case ReconcileVerb::release_instance: {
        Deployment shadow; // only what a release names
        shadow.source = SourceName(a.source);
        shadow.offer = OfferId(a.offer);
        turn.launch(ReleaseEffect{std::make_shared<const Deployment>(std::move(shadow)), InstanceId(a.instance), cause,
                                  a.reason},
                    turn.config.release_timeout);
        break;
    }
    case ReconcileVerb::delete_offer:
        RIG_TRY(market::forget_offer(turn, SourceName(a.source), OfferId(a.offer)));
        break;
    }
    turn.metrics.decision(verb_name(a.verb), cause);
    ++turn.state.status.decisions;
    turn.log.write(LogLevel::warn, "reconcile",
                   std::string(verb_name(a.verb)) + " " + target_of(a) + ": " + cause + ": " + a.reason);
    JsonWriter json;
    json.begin_object()
        .field("verb", verb_name(a.verb))
        .field("target", target_of(a))
        .field("cause", cause)
        .field("reason", a.reason)
        .text_or_null("by", by);
    turn.journal("reconcile." + std::string(verb_name(a.verb)), json.end_object().take());
    return {};
}

void write_action(JsonWriter &json, const ReconcileAction &a, const std::string &target) {
    json.begin_object()
        .field("verb", verb_name(a.verb))
        .field("target", target)
        .text_or_null("deployment", a.deployment)
        .text_or_null("offer", a.offer);
    json.field("cause", a.cause).field("reason", a.reason).end_object();
}

struct Pass {
    JsonWriter actions, held;
    bool dry_run = false, deleted = false;
    std::string by; ///< whose command it carries out
};

void judge(Turn &turn, Pass &pass, const ProposedBy &by) {
    ReconcileState &r = turn.state.reconcile;
    const auto action = parse_action(by.action.id, by.action.document);
    if (!action) return turn.problem("reconcile", by.reconciler + ": " + action.error().message);
    const auto subject = look_up(turn, by, *action);
    if (!subject) return; // the world moved on: nothing to do
    const Verdict verdict =
        r.gate.judge({by.subject + "/" + by.key, &*action, subject->views, r.snapshot->taken_mono, subject->age},
                     turn.mono, !pass.dry_run);
    const std::string target = target_of(*action);
    if (verdict.allowed) {
        pass.deleted = !pass.dry_run;
        if (!pass.dry_run)
            if (const Status done = carry_out(turn, *action, pass.by); !done.ok()) return;
        return write_action(pass.actions, *action, target);
    }
    HeldBack held{std::string(verb_name(action->verb)),
                  target,
                  action->cause,
                  action->reason,
                  verdict.code,
                  verdict.text,
                  turn.wall};
    pass.held.begin_object()
        .field("verb", held.verb)
        .field("target", target)
        .field("cause", held.cause)
        .field("reason", held.reason);
    pass.held.field("code", held.code).field("text", held.text).end_object();
    if (pass.dry_run) return;
    ++turn.state.status.held_back_total;
    turn.metrics.held_back(verdict.code);
    // A first observation is how every deletion by absence begins: worth showing, not worth an alarm.
    const bool quiet = verdict.code == "FirstObservation" || verdict.code == "TooYoung";
    turn.log.write(quiet ? LogLevel::info : LogLevel::warn, "reconcile",
                   "held back: " + held.verb + " " + target + " (" + held.reason + "): " + held.text);
    if (!quiet) {
        JsonWriter json;
        json.begin_object()
            .field("verb", held.verb)
            .field("target", target)
            .field("reason", held.reason)
            .field("code", held.code)
            .field("text", held.text);
        turn.journal("reconcile.held_back", json.end_object().take());
    }
    r.held.push_back(std::move(held));
}

std::string plan_document(const Pass &pass, bool dry_run) {
    JsonWriter json;
    json.begin_object().field("dryRun", dry_run);
    json.key("actions").begin_array().raw_items(pass.actions.text()).end_array();
    json.key("heldBack").begin_array().raw_items(pass.held.text()).end_array();
    return json.end_object().take();
}

} // namespace

std::optional<MonoTime> due(const State &s, const ControlConfig &config) {
    const ReconcileState &r = s.reconcile;
    if (r.running) return std::nullopt;
    if (r.recycle) return listed_anew(s, *r.recycle) ? MonoTime{0} : r.recycle->deadline;
    if (s.commits.failing) return std::nullopt;
    // Until views were listed once there is nothing to compare with.
    MonoTime next = r.ever ? r.last_full + config.reconcile_period : r.last_full + config.reconcile_debounce;
    if (r.requeue) next = std::min(next, *r.requeue);
    if (!r.dirty.empty()) next = std::min(next, std::max(r.dirty_since, r.started) + config.reconcile_debounce);
    return next;
}

void run_if_due(Turn &turn) {
    const auto when = due(turn.state, turn.config);
    if (!when || *when > turn.mono) return;
    ReconcileState &r = turn.state.reconcile;
    const bool periodic =
        !r.ever || turn.mono >= r.last_full + turn.config.reconcile_period || (r.requeue && *r.requeue <= turn.mono);
    if (r.recycle) r.recycle->begun = true;
    begin_pass(turn, periodic || r.recycle.has_value());
}

void recycle(Turn &turn, const Command &c, const RecycleRequest &asked) {
    ReconcileState &r = turn.state.reconcile;
    if (r.recycle)
        return turn.reply(c.request, Error{Code::conflict, "RecycleRunning",
                                           "a recycle is running already; ask again when it has ended", 0});
    r.recycle = Recycle{
        c.request, c.principal, asked.dry_run, asked.force, turn.mono + recycle_patience, generations(turn.state)};
    if (!asked.dry_run) {
        JsonWriter json;
        json.begin_object().field("force", asked.force).field("by", c.principal);
        turn.journal("operator.recycle", json.end_object().take(), "operator");
    }
    for (const auto &[name, book] : turn.state.sources)
        if (book.attached) turn.relist(true, name.value);
    for (const std::string &backend : turn.state.backends) turn.relist(false, backend);
}

void on_reconciled(Turn &turn, const EffectDone &done) {
    ReconcileState &r = turn.state.reconcile;
    if (r.running != done.id) return;
    r.running = 0;
    // A recycle that was asked for while an ordinary pass ran waits for its own.
    const bool of_recycle = r.recycle && r.recycle->begun;
    LoopFigures &figures = turn.state.status.reconcile;
    ++figures.runs;
    figures.running = false;
    figures.last_run = turn.wall;
    figures.last_duration = turn.mono - r.started;
    figures.last_error.clear();
    turn.metrics.loop("reconcile", in_seconds(figures.last_duration), done.result.ok());
    turn.touch();
    if (!done.result) {
        ++figures.failures;
        figures.last_error = done.result.error().message;
        turn.problem("reconcile", "a pass failed: " + figures.last_error + "; nothing is deleted because of it");
        if (of_recycle) {
            turn.reply(r.recycle->request, done.result.error().within("recycle"));
            r.recycle.reset();
        }
        return;
    }
    const auto *answer = std::get_if<Reconciled>(&*done.result);
    if (!answer) return;
    for (const auto &[name, error] : answer->failures) {
        figures.last_error = name + ": " + error.message;
        turn.problem("reconcile", name + " failed: " + error.message + "; what it watches keeps its state");
    }
    if (answer->requeue_after > Duration::zero())
        r.requeue = turn.mono + std::max<Duration>(answer->requeue_after, turn.config.reconcile_debounce);
    Pass pass;
    pass.dry_run = of_recycle && r.recycle->dry_run;
    if (of_recycle) pass.by = r.recycle->principal;
    const auto live = static_cast<size_t>(std::count_if(turn.state.tracks.begin(), turn.state.tracks.end(),
                                                        [](const auto &t) { return t.second.d->live(); }));
    SafetyLimits limits{turn.config.view_max_age, turn.config.min_condemn_age, turn.config.reconcile_period,
                        turn.config.deletion_budget};
    r.gate.begin_pass(pass.dry_run ? std::vector<std::string>{} : r.subjects, live, of_recycle && r.recycle->force,
                      turn.mono, limits);
    if (!pass.dry_run && r.full) r.held.clear();
    for (const ProposedBy &by : answer->proposals) judge(turn, pass, by);
    r.gate.end_pass();
    if (pass.deleted) ages::note(turn);
    r.snapshot.reset();
    if (of_recycle) {
        turn.reply(r.recycle->request, plan_document(pass, pass.dry_run));
        r.recycle.reset();
    }
}

} // namespace rigger::reconcile
