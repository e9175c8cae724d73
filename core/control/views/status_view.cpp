#include "control/documents.hpp"
#include "control/views/views.hpp"

#include <nlohmann/json.hpp>

namespace rigger::views {
namespace {

void write_loop(JsonWriter &json, const char *name, const LoopFigures &f) {
    json.begin_object()
        .field("name", name)
        .field("runs", f.runs)
        .field("failures", f.failures)
        .field("running", f.running);
    json.key("lastRun");
    f.runs > 0 ? json.value(f.last_run) : json.null();
    json.field("lastSeconds", in_seconds(f.last_duration)).text_or_null("lastError", f.last_error).end_object();
}

void write_view(JsonWriter &json, const std::string &name, const Freshness &f, MonoTime now) {
    json.begin_object()
        .field("name", name)
        .field("complete", f.complete)
        .field("ageSeconds", in_seconds(now - f.as_of))
        .field("generation", f.generation);
    json.text_or_null("error", f.error).end_object();
}

const PortStatus *port(const LoopStatus &status, const std::string &name) {
    const auto at = status.ports.find(name);
    return at == status.ports.end() ? nullptr : &at->second;
}

/// `whole`: every view of it is complete, so that its last error is over.
void write_port(JsonWriter &json, const PortStatus *p, bool whole) {
    json.field("attached", p && p->attached)
        .field("disconnects", p ? p->disconnects : 0)
        .field("malformed", p ? p->malformed : 0);
    const bool failed = p && !p->last_error.empty();
    json.text_or_null("lastError", failed ? p->last_error : std::string()).key("lastErrorAt");
    failed ? json.value(p->last_error_at) : json.null();
    json.key("recovered");
    failed ? json.value(whole) : json.null();
}

void write_counts(JsonWriter &json, const Snapshot &s) {
    std::map<std::string, size_t> phases;
    for (const DeploymentPtr &d : s.deployments) ++phases[std::string(phase_name(d->phase))];
    json.key("deployments").begin_object();
    for (const auto &[phase, count] : phases) json.field(phase, count);
    json.end_object();
    size_t total = 0, used = 0, free = 0;
    for (const ServerPtr &server : s.servers)
        for (const Gpu &gpu : server->gpus) ++total, used += !gpu.deployment.empty(), free += gpu.free();
    json.key("gpus").begin_object().field("total", total).field("used", used).field("free", free).end_object();
    json.field("offers", s.offers.size()).field("servers", s.servers.size());
}

/// The first few by name, the others by number.
struct Named {
    static constexpr size_t most = 5;
    std::string names;
    size_t count = 0;

    void add(const std::string &name) {
        if (++count <= most) names += (names.empty() ? "" : ", ") + name;
    }
    std::string text(const char *on = "") const {
        return count > most ? names + " and " + on + std::to_string(count - most) + " more" : names;
    }
};

/// Two who hand out the same GPUs may hand out one of them twice: whoever runs them should know.
std::vector<std::string> shared_servers(const Snapshot &s) {
    Named named;
    for (const ServerPtr &server : s.servers)
        if (server->gpus_of_others > 0)
            named.add(std::to_string(server->gpus_of_others) + " of " + std::to_string(server->gpus.size()) + " on " +
                      server->name);
    if (named.count == 0) return {};
    return {"pods that are not rigger's ask for GPUs of its servers (" + named.text("on ") +
            "): as many are set aside, but which ones they got nobody tells; keep such pods off, or reserve GPUs for "
            "them (annotation rigger.dev/gpus)"};
}

/// All but idle, and nothing else says why.
std::vector<std::string> servers_held_by_number(const Snapshot &s) {
    std::vector<std::string> notices;
    for (const ServerPtr &server : s.servers)
        if (server->held_by_number())
            notices.push_back("deployments on " + server->name +
                              " hold its GPUs by number, from before these had names: it takes nothing new until those "
                              "ended; `rigger undeploy` ends them");
    return notices;
}

/// They look like the best places of all, whatever they cost.
std::vector<std::string> servers_below_cost_floor(const Snapshot &s, double floor) {
    Named named;
    for (const ServerPtr &server : s.servers)
        if (server->hourly_cost < floor) named.add(server->name + (server->hourly_cost > 0 ? "" : " (no price known)"));
    if (named.count == 0) return {};
    char price[32];
    std::snprintf(price, sizeof price, "%g", floor);
    return {"servers that cost less than placement.cost_floor count as " + std::string(price) +
            " USD per GPU-hour and so as the best places: " + named.text() +
            "; say what they cost (annotation rigger.dev/hourly-cost; hourly_cost in a fleet file)"};
}

} // namespace

std::string status(const Scene &scene, const StatusFacts &facts) {
    const Snapshot &s = scene.snapshot();
    const LoopStatus &status = *scene.published.status;
    JsonWriter json;
    std::vector<std::string> conditions = warnings(scene);
    conditions.insert(conditions.end(), facts.conditions.begin(), facts.conditions.end());
    if (!status.plan.last_error.empty())
        conditions.push_back("the last plan failed, nothing is placed: " + status.plan.last_error);
    if (!status.reconcile.last_error.empty())
        conditions.push_back("the last reconciling pass failed: " + status.reconcile.last_error);
    json.begin_object().field("version", facts.version).field("uptimeSeconds", in_seconds(facts.uptime));
    json.field("healthy", conditions.empty() && status.stuck.empty())
        .field("snapshot", s.version)
        .field("takenAt", s.taken_at);
    json.key("warnings").begin_array();
    for (const std::string &warning : conditions) json.value(warning);
    for (const std::string &notice : shared_servers(s)) json.value(notice);
    for (const std::string &notice : servers_held_by_number(s)) json.value(notice);
    for (const std::string &notice : servers_below_cost_floor(s, facts.cost_floor)) json.value(notice);
    json.end_array().key("loops").begin_array();
    write_loop(json, "placement", status.plan);
    write_loop(json, "reconcile", status.reconcile);
    json.end_array().key("sources").begin_array();
    for (const SourceState &source : s.sources) {
        json.begin_object().field("name", source.name);
        write_port(json, port(status, "source/" + source.name.value),
                   source.offers.complete && source.instances.complete);
        json.end_object();
    }
    json.end_array().key("clusters").begin_array();
    for (const ClusterState &cluster : s.clusters) {
        json.begin_object()
            .field("name", cluster.name)
            .field("nodes", cluster.node_list.size())
            .field("pods", cluster.pod_list.size());
        write_port(json, port(status, "backend/" + backend_of(cluster.name)),
                   cluster.nodes.complete && cluster.pods.complete && cluster.jobs.complete &&
                       cluster.services.complete);
        json.end_object();
    }
    json.end_array().key("views").begin_array();
    for (const SourceState &source : s.sources) {
        write_view(json, source.name.value + "/offers", source.offers, scene.now);
        write_view(json, source.name.value + "/instances", source.instances, scene.now);
    }
    for (const ClusterState &cluster : s.clusters) {
        write_view(json, cluster.name.value + "/nodes", cluster.nodes, scene.now);
        write_view(json, cluster.name.value + "/pods", cluster.pods, scene.now);
        write_view(json, cluster.name.value + "/jobs", cluster.jobs, scene.now);
        write_view(json, cluster.name.value + "/services", cluster.services, scene.now);
    }
    json.end_array();
    write_counts(json, s);
    json.raw_field("plugins", facts.plugins.empty() ? "[]" : facts.plugins);
    json.key("store")
        .begin_object()
        .field("ok", !status.store_failing)
        .field("failures", status.store_failures)
        .text_or_null("error", status.store_error)
        .end_object();
    json.key("queues")
        .begin_object()
        .field("effectsInFlight", status.effects_in_flight)
        .field("commitsWaiting", status.commits_waiting);
    json.field("writtenOff", status.written_off).end_object();
    json.raw_field("machinery", facts.machinery.empty() ? "{}" : facts.machinery);
    json.key("events")
        .begin_object()
        .field("handled", status.events)
        .field("repeated", status.repeated_events)
        .end_object();
    json.field("decisions", status.decisions).key("stuck").begin_array();
    constexpr size_t most_shown = 20;
    for (size_t i = 0; i < std::min(status.stuck.size(), most_shown); ++i) {
        const StepStatus &step = status.stuck[i];
        json.begin_object()
            .field("deploymentId", step.deployment)
            .field("phase", step.phase)
            .text_or_null("waitingFor", step.waiting_for);
        json.field("lastError", step.last_error).field("attempts", step.attempts).end_object();
    }
    json.end_array().field("heldBackTotal", status.held_back_total).key("heldBack").begin_array();
    for (const HeldBack &held : status.held_back) {
        json.begin_object()
            .field("verb", held.verb)
            .field("target", held.target)
            .field("cause", held.cause)
            .field("reason", held.reason);
        json.field("code", held.code).field("text", held.text).field("at", held.at).end_object();
    }
    json.end_array().key("lastErrors").begin_array();
    for (const Happening &h : status.last_errors)
        json.begin_object()
            .field("at", h.at)
            .field("part", h.part)
            .field("message", h.message)
            .field("count", h.count)
            .end_object();
    return json.end_array().end_object().take();
}

namespace {

using nlohmann::json;

constexpr size_t most_events = 10'000;

struct EventLine {
    std::string subject, message, offer, server;
};

std::string first(const json &object, std::initializer_list<const char *> keys) {
    for (const char *key : keys)
        if (const auto at = object.find(key);
            at != object.end() && at->is_string() && !at->get_ref<const std::string &>().empty())
            return at->get<std::string>();
    return {};
}

/// The members that say what happened.
json event_of(const std::string &document) {
    json object = json::parse(document, nullptr, false);
    if (!object.is_object()) return json::object();
    const auto data = object.find("data");
    return data != object.end() && data->is_object() ? json(*data) : object;
}

/// What an event says, and what the snapshot knows of the ids in it.
class EventReader {
public:
    explicit EventReader(const Snapshot &snapshot) {
        for (const OfferPtr &offer : snapshot.offers) offers_.emplace(offer->id.value, offer->name);
        for (const DeploymentPtr &d : snapshot.deployments) {
            deployments_.emplace(d->id.value, d.get());
            if (!d->instance.empty()) instances_.emplace(std::pair(d->source.value, d->instance.value), d.get());
        }
    }

    EventLine line(const json &event, const std::string &origin) const {
        EventLine line{first(event, {"deploymentId", "target", "instance_id", "instanceId", "chute_id", "offerId",
                                     "serverName", "gpu_id"}),
                       first(event, {"reason", "text", "message"}), first(event, {"offerName"}),
                       first(event, {"serverName"})};
        if (const std::string cause = first(event, {"cause", "code"}); !cause.empty())
            line.message = line.message.empty() ? cause : cause + ": " + line.message;
        if (const std::string by = first(event, {"by"});
            !by.empty() && by != "placement" && line.message.find(by) == std::string::npos)
            line.message += (line.message.empty() ? "by " : ", by ") + by;
        const Deployment *const d = deployment(line.subject, origin);
        if (line.server.empty() && d) line.server = d->node_name;
        if (line.offer.empty() && d) line.offer = d->offer_name;
        if (const auto known = offers_.find(first(event, {"offerId", "chute_id"}));
            line.offer.empty() && known != offers_.end())
            line.offer = known->second;
        return line;
    }

    /// Is it about the deployment whose id, or whose instance's id, begins like this?
    bool about(const json &event, const std::string &origin, const std::string &wanted) const {
        for (const char *key : {"deploymentId", "target", "instance_id", "instanceId"}) {
            const std::string id = first(event, {key});
            const Deployment *const d = deployment(id, origin);
            if (id.starts_with(wanted) ||
                (d && (d->id.value.starts_with(wanted) || d->instance.value.starts_with(wanted))))
                return true;
        }
        return false;
    }

private:
    /// Its id, or its instance's at the source that tells.
    const Deployment *deployment(const std::string &id, const std::string &origin) const {
        if (const auto at = deployments_.find(id); at != deployments_.end()) return at->second;
        const auto at = instances_.find({origin, id});
        return at == instances_.end() ? nullptr : at->second;
    }

    std::map<std::string, std::string> offers_;
    std::map<std::string, const Deployment *> deployments_;                       ///< by their ids
    std::map<std::pair<std::string, std::string>, const Deployment *> instances_; ///< by source and instance
};

} // namespace

Result<std::string> events(const Scene &scene, Store &store, const Arguments &arguments) {
    const size_t limit = arguments.limit ? std::min(arguments.limit, most_events) : 100;
    RIG_TRY_ASSIGN(const auto entries,
                   store.journal(UINT64_MAX, arguments.deployment.empty() ? limit : most_events, arguments.type));
    const EventReader reader(scene.snapshot());
    JsonWriter json;
    size_t shown = 0;
    for (const JournalEntry &entry : entries) {
        const auto event = event_of(entry.document);
        if (!arguments.deployment.empty() && !reader.about(event, entry.origin, arguments.deployment)) continue;
        if (++shown > limit) break;
        const EventLine line = reader.line(event, entry.origin);
        json.begin_object()
            .field("at", entry.at)
            .field("type", entry.type)
            .text_or_null("subject", line.subject)
            .text_or_null("offerName", line.offer);
        json.text_or_null("serverName", line.server).text_or_null("message", line.message);
        json.field("source", entry.origin)
            .field("id", entry.event_id)
            .field("sequence", entry.sequence)
            .field("handled", entry.handled)
            .end_object();
    }
    return list_answer(scene, json);
}

} // namespace rigger::views
