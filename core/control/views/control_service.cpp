#include "control/views/control_service.hpp"

#include "control/views/cluster_views.hpp"
#include "control/views/resolve.hpp"
#include "control/views/views.hpp"

#include <algorithm>

namespace rigger {
using namespace views;

namespace {

Error not_running() {
    return {Code::unavailable, "NotRunning", "the control loop is not running yet; try again in a moment", 1000};
}
Error denied(const Principal &principal, std::string_view what) {
    return {Code::denied, "NotAllowed",
            (principal.name.empty() ? "nobody" : principal.name) + " may not use '" + std::string(what) +
                "'; it needs a higher role",
            0};
}

struct Verbs {
    LoopAccess &loop;
    Planner &planner;
    const Principal &principal;
    const CallContext &call;
    const Arguments &arguments;
    const std::function<void(std::string_view)> &progress;
    std::shared_ptr<const Published> published;

    const Snapshot &snapshot() const { return *published->snapshot; }
    void tell(std::string_view line) const {
        if (progress) progress(line);
    }

    Result<std::string> plan() const {
        if (!arguments.defrag.empty()) return plan_with_moves();
        RIG_TRY_ASSIGN(const auto plan, planner.plan(published->snapshot));
        JsonWriter json;
        json.begin_object().field("dryRun", true);
        return finish_plan(json, plan, {});
    }

    /// Moves first, then what automatic placement would do after them.
    Result<std::string> plan_with_moves() const {
        RIG_TRY_ASSIGN(const auto budget, placement::parse_defrag_budget(arguments.defrag));
        RIG_TRY_ASSIGN(const auto plan, planner.defrag(published->snapshot, budget));
        JsonWriter json;
        json.begin_object().field("dryRun", true).key("defrag").begin_object();
        json.field("moves", plan.moves.size()).field("budget", plan.budget).field("movable", plan.movable);
        json.field("lostMilli", plan.lost_before).field("lostMilliThen", plan.lost_after);
        json.field("valueNow", plan.now.per_hour ? plan.now.per_hour->value : plan.now.value).end_object();
        return finish_plan(json, plan.then, plan.moves);
    }

    Result<std::string> finish_plan(JsonWriter &json, const placement::PlacementPlan &plan,
                                    const std::vector<placement::Migration> &moves) const {
        write_worth(json, plan);
        json.field("snapshot", snapshot().version).key("actions").begin_array();
        for (const placement::Migration &move : moves) write_move(json, move);
        for (const placement::Placement &p : plan.placements) write_placement(json, p, {});
        json.end_array().key("heldBack").begin_array().end_array().key("warnings").begin_array();
        for (const placement::ScorerFault &fault : plan.faults)
            json.value("scorer " + fault.scorer + " abstained: " + fault.error.message);
        return json.end_array().end_object().take();
    }

    /// Per hour where that is known; otherwise the placements' values are added up, and nothing bounds them.
    static void write_worth(JsonWriter &json, const placement::PlacementPlan &plan) {
        json.field("value", plan.per_hour ? plan.per_hour->value : plan.value);
        json.text_or_null("valueUnit", plan.per_hour ? "per hour" : "");
        if (plan.per_hour)
            json.field("bound", plan.per_hour->at_most)
                .field("gap", plan.per_hour->gap())
                .field("bestFirst", plan.per_hour->best_first);
        else json.key("bound").null().key("gap").null().key("bestFirst").null();
        json.text_or_null("unbounded", plan.unbounded);
    }

    static void write_move(JsonWriter &json, const placement::Migration &move) {
        json.begin_object()
            .field("verb", "move")
            .field("offer", move.offer->name)
            .field("offerId", move.offer->id)
            .field("server", move.from->name);
        json.field("serverId", move.from->id)
            .field("to", move.to->name)
            .field("toId", move.to->id)
            .field("deployment", move.deployment->id);
        json.field("gpuModel", move.model).field("gainMilli", move.gain).key("gpus").begin_array();
        for (const GpuId &gpu : move.gpus) json.value(gpu);
        json.end_array().field("reason", move.reason()).end_object();
    }

    static void write_placement(JsonWriter &json, const placement::Placement &p, const std::string &reason) {
        json.begin_object()
            .field("verb", "deploy")
            .field("offer", p.offer->name)
            .field("offerId", p.offer->id)
            .field("server", p.server->name);
        json.field("serverId", p.server->id)
            .key("deployment")
            .null()
            .field("gpuModel", p.model)
            .field("value", p.value)
            .key("gpus")
            .begin_array();
        for (const GpuId &gpu : p.gpus) json.value(gpu);
        json.end_array().field("reason", reason.empty() ? p.reason() : reason).end_object();
    }

    Result<std::string> deploy() {
        RIG_TRY_ASSIGN(const auto offer, resolve_offer(snapshot(), arguments.offer));
        RIG_TRY_ASSIGN(const auto server, resolve_server(snapshot(), arguments.server));
        constexpr int tries = 3; // between looking and deciding another decision may take the GPUs
        for (int attempt = 1;; ++attempt) {
            RIG_TRY_ASSIGN(const auto placement,
                           planner.check_operator_deploy(published->snapshot, offer->id, server->id));
            if (arguments.dry_run) return dry_deploy(placement);
            const std::string reason = arguments.reason.empty() ? principal.name + " asked for it" : arguments.reason;
            auto answer =
                loop.submit(call, principal.name, DeployRequest{offer->id, server->id, placement.gpus, reason});
            if (!answer && answer.error().reason == "NotEnoughFreeGpus" && attempt < tries) {
                published = loop.published();
                continue;
            }
            if (answer && arguments.wait) return wait_active(std::move(*answer));
            return answer;
        }
    }

    Result<std::string> dry_deploy(const placement::Placement &placement) const {
        JsonWriter json;
        json.begin_object().field("dryRun", true).key("actions").begin_array();
        write_placement(json, placement, {});
        return json.end_array().key("heldBack").begin_array().end_array().end_object().take();
    }

    static std::string deployment_in(const std::string &answer) {
        constexpr std::string_view key = "\"deploymentId\":\"";
        const size_t at = answer.rfind(key);
        if (at == std::string::npos) return {};
        const size_t first = at + key.size();
        return answer.substr(first, answer.find('"', first) - first);
    }

    DeploymentPtr find(const Snapshot &s, const std::string &id) const {
        const auto at =
            std::lower_bound(s.deployments.begin(), s.deployments.end(), id,
                             [](const DeploymentPtr &d, const std::string &key) { return d->id.value < key; });
        return at != s.deployments.end() && (*at)->id.value == id ? *at : nullptr;
    }

    Result<std::string> wait_active(std::string answer) {
        const std::string id = deployment_in(answer);
        Phase told = Phase::gone;
        std::string cause = "it ended before it could be seen";
        for (;;) {
            published = loop.published();
            const DeploymentPtr d = find(snapshot(), id);
            if (d && !d->live()) cause = d->end_cause + ": " + d->end_reason;
            if (!d || !d->live())
                return Error{Code::conflict, "DeploymentFailed",
                             "deployment " + id + " did not become active: " + cause + "; `rigger events` tells more",
                             0};
            if (d->phase != told) tell(std::string(phase_name(d->phase)));
            told = d->phase;
            if (d->phase == Phase::active) return answer;
            if (!loop.wait_beyond(snapshot().version, call))
                return Error{Code::deadline, "StillStarting",
                             "deployment " + id + " is begun but only " + std::string(phase_name(d->phase)) +
                                 " so far; `rigger insts` follows it",
                             0};
        }
    }

    Result<std::string> undeploy() {
        RIG_TRY_ASSIGN(const auto d, resolve_deployment(snapshot(), arguments.deployment));
        if (arguments.dry_run) {
            JsonWriter json;
            json.begin_object().field("dryRun", true).key("actions").begin_array();
            json.begin_object()
                .field("verb", "undeploy")
                .field("offer", d->offer_name)
                .field("server", d->node_name)
                .field("deployment", d->id);
            json.field("reason", d->live() ? "asked for by " + principal.name : "it is ending already: " + d->end_cause)
                .end_object();
            return json.end_array().key("heldBack").begin_array().end_array().end_object().take();
        }
        auto answer = loop.submit(call, principal.name, UndeployRequest{d->id, arguments.reason});
        if (!answer || !arguments.wait) return answer;
        bool told = false;
        for (;;) {
            published = loop.published();
            if (!find(snapshot(), d->id.value)) return answer;
            if (!told) tell("terminating");
            told = true;
            if (!loop.wait_beyond(snapshot().version, call))
                return Error{Code::deadline, "StillEnding",
                             "deployment " + d->id.value + " is ending; its pod is not gone yet", 0};
        }
    }

    Result<std::string> ban() {
        RIG_TRY_ASSIGN(const auto offer, resolve_offer(snapshot(), arguments.offer));
        return loop.submit(
            call, principal.name,
            BanRequest{offer->id, arguments.reason.empty() ? "banned by " + principal.name : arguments.reason});
    }
    Result<std::string> unban() {
        RIG_TRY_ASSIGN(const auto offer, resolve_banned(snapshot(), arguments.offer));
        return loop.submit(call, principal.name, BanRequest{offer, {}});
    }
    Result<std::string> lock(bool locked) {
        RIG_TRY_ASSIGN(const auto server, resolve_server(snapshot(), arguments.server));
        return loop.submit(call, principal.name, LockRequest{server->id, locked});
    }
    Result<std::string> forget() {
        RIG_TRY_ASSIGN(const auto server, resolve_server(snapshot(), arguments.server));
        return loop.submit(call, principal.name, ForgetRequest{server->id, arguments.dry_run, arguments.force});
    }
    Result<std::string> sync() {
        const auto &sources = snapshot().sources;
        const bool known = arguments.source.empty() ||
                           std::any_of(sources.begin(), sources.end(),
                                       [&](const SourceState &s) { return s.name.value == arguments.source; });
        if (!known)
            return not_found("UnknownSource",
                             "there is no source " + in_quotes(arguments.source) + "; `rigger status` lists them");
        return loop.submit(call, principal.name, SyncRequest{SourceName(arguments.source)});
    }
};

} // namespace

ControlService::ControlService(LoopAccess &loop, Planner &planner, Store &store, const PortTable &ports, Facts facts)
    : loop_(loop), planner_(planner), store_(store), ports_(ports), facts_(std::move(facts)), started_(loop.now()) {}

Result<std::string> ControlService::query(const Principal &principal, std::string_view view, std::string_view text) {
    if (principal.role < Role::read) return denied(principal, view);
    const auto published = loop_.published();
    if (!published) return not_running();
    RIG_TRY_ASSIGN(const auto arguments, parse_arguments(text));
    const Scene scene{*published, loop_.now()};
    if (view == "nodes") return nodes(scene, arguments);
    if (view == "pods") return pods(scene, arguments);
    if (view == "instances") return instances(scene, arguments);
    if (view == "offers") return offers(scene, planner_, arguments);
    if (view == "pairs") return pairs(scene, planner_, arguments);
    if (view == "why-not") return why_not(scene, planner_, arguments);
    if (view == "servers") return servers(scene);
    if (view == "gpus") return gpus(scene);
    if (view == "deployments") return deployments(scene);
    if (view == "failures") return failures(scene);
    if (view == "clusters") return clusters(scene);
    if (view == "events") return events(scene, store_, arguments);
    if (view == "status")
        return status(scene, {facts_.version, facts_.plugins_status ? facts_.plugins_status() : std::string(),
                              facts_.conditions ? facts_.conditions() : std::vector<std::string>(),
                              facts_.machinery ? facts_.machinery() : std::string(), loop_.now() - started_,
                              planner_.cost_floor()});
    return not_found("UnknownView", "there is no view '" + std::string(view) + "'");
}

Status ControlService::stream(const Principal &principal, const CallContext &call, std::string_view view,
                              std::string_view text, const std::function<Status(std::string_view)> &pieces) {
    if (principal.role < Role::read) return denied(principal, view);
    const auto published = loop_.published();
    if (!published) return not_running();
    RIG_TRY_ASSIGN(const auto arguments, parse_arguments(text));
    if (view == "logs") return logs(*published->snapshot, ports_, call, arguments, pieces);
    if (view == "probe") return probe(ports_, call, pieces);
    if (view == "diagnosis") return diagnosis(*published->status, ports_, call, arguments, pieces);
    return not_found("UnknownView", "there is no streamed view '" + std::string(view) + "'");
}

Result<std::string> ControlService::act(const Principal &principal, const CallContext &call, std::string_view verb,
                                        std::string_view text, const std::function<void(std::string_view)> &progress) {
    if (principal.role < Role::read) return denied(principal, verb);
    RIG_TRY_ASSIGN(const auto arguments, parse_arguments(text));
    const bool harmless =
        verb == "plan" ||
        (arguments.dry_run && (verb == "deploy" || verb == "undeploy" || verb == "recycle" || verb == "forget"));
    if (!harmless && principal.role < Role::operate) return denied(principal, verb);
    auto published = loop_.published();
    if (!published) return not_running();
    Verbs verbs{loop_, planner_, principal, call, arguments, progress, std::move(published)};
    if (verb == "plan") return verbs.plan();
    if (verb == "deploy") return verbs.deploy();
    if (verb == "undeploy") return verbs.undeploy();
    if (verb == "recycle")
        return loop_.submit(call, principal.name, RecycleRequest{arguments.dry_run, arguments.force});
    if (verb == "ban") return verbs.ban();
    if (verb == "unban") return verbs.unban();
    if (verb == "lock") return verbs.lock(true);
    if (verb == "unlock") return verbs.lock(false);
    if (verb == "forget") return verbs.forget();
    if (verb == "sync") return verbs.sync();
    return not_found("UnknownVerb", "there is no verb '" + std::string(verb) + "'");
}

} // namespace rigger
