#include "control/views/cluster_views.hpp"

#include "control/views/resolve.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <tuple>

namespace rigger::views {
namespace {

using Json = nlohmann::json;

constexpr std::string_view port_prefix = "backend/";

const PortStatus *port(const Scene &scene, const std::string &backend) {
    const auto at = scene.published.status->ports.find(std::string(port_prefix) + backend);
    return at == scene.published.status->ports.end() ? nullptr : &at->second;
}

/// `recovered`: it is over. Nothing says whether it is (null) where there was none.
void write_error(JsonWriter &json, const std::string &message, std::optional<WallTime> at, bool recovered) {
    json.text_or_null("lastError", message).field("lastErrorAt", message.empty() ? std::nullopt : at).key("recovered");
    message.empty() ? json.null() : json.value(recovered);
    json.end_object();
}

/// The newest error of a view that is not whole; where all are, the newest of any.
ViewError last_error(const LoopStatus &status, const ClusterName &cluster,
                     const std::array<const Freshness *, 4> &views) {
    const auto own = status.cluster_errors.find(cluster);
    if (own == status.cluster_errors.end()) return {};
    const auto rank = [&](size_t kind) {
        const ViewError &e = own->second[kind];
        return std::tuple(!e.message.empty(), !views[kind]->complete, e.at);
    };
    size_t best = 0;
    for (size_t kind = 1; kind < views.size(); ++kind)
        if (rank(best) < rank(kind)) best = kind;
    return own->second[best];
}

void write_cluster(JsonWriter &json, const Scene &scene, const ClusterState &cluster) {
    // In the order of ObjectKind.
    const std::array<const Freshness *, 4> views{&cluster.nodes, &cluster.pods, &cluster.jobs, &cluster.services};
    const bool complete = std::all_of(views.begin(), views.end(), [](const Freshness *f) { return f->complete; });
    MonoTime oldest = scene.now;
    for (const Freshness *f : views) oldest = std::min(oldest, f->as_of);
    const PortStatus *const status = port(scene, backend_of(cluster.name));
    const auto &same = scene.published.status->same_clusters;
    const auto ignored =
        std::find_if(same.begin(), same.end(), [&](const SameCluster &s) { return s.second == cluster.name; });
    const ViewError error = ignored == same.end() ? last_error(*scene.published.status, cluster.name, views)
                                                  : ViewError{text_of(*ignored), scene.snapshot().taken_at};
    json.begin_object()
        .field("name", cluster.name)
        .field("backend", backend_of(cluster.name))
        .field("freshness", complete ? "complete" : "unknown");
    json.field("lagSeconds", in_seconds(scene.now - oldest))
        .field("nodes", cluster.node_list.size())
        .field("pods", cluster.pod_list.size());
    json.field("disconnects", status ? status->disconnects : 0);
    write_error(json, error.message, error.at, complete && ignored == same.end());
}

/// The clusters of a backend's answer; nullptr: the answer is not what it should be.
const Json *clusters_in(const Json &answer) {
    const auto found = answer.is_object() ? answer.find("clusters") : answer.end();
    return answer.is_object() && found != answer.end() && found->is_array() ? &*found : nullptr;
}

/// Adds a backend's clusters under their full names.
void add_clusters(Json &all, const std::string &backend, const Json &clusters) {
    for (const Json &one : clusters) {
        if (!one.is_object() || !one.contains("name") || !one["name"].is_string()) continue;
        Json row = one;
        row["name"] = backend + "/" + one["name"].get<std::string>();
        all.push_back(std::move(row));
    }
}

std::string document(Json clusters) {
    return Json{{"clusters", std::move(clusters)}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// One check of a cluster that could not be examined.
Json not_examined(const std::string &cluster, const std::string &detail, const std::string &remedy) {
    return {{"name", cluster},
            {"checks",
             Json::array({Json{{"check", "diagnosis"}, {"ok", nullptr}, {"detail", detail}, {"remedy", remedy}}})}};
}

/// The pod that an operator means: the one he names, else the running one, else the youngest.
Result<const PodView *> choose_pod(const ClusterState &cluster, const Deployment &d, const std::string &wanted) {
    const PodView *best = nullptr;
    std::string names;
    const auto rank = [](const PodView &pod) {
        return std::tuple(pod.phase == "Running" && !pod.terminating, pod.created_at, pod.name);
    };
    for (const auto &pod : cluster.pod_list) {
        if (pod->deployment != d.id) continue;
        names += (names.empty() ? "" : ", ") + pod->name;
        if (!wanted.empty() && pod->name != wanted) continue;
        if (!best || rank(*best) < rank(*pod)) best = pod.get();
    }
    if (best) return best;
    if (!names.empty())
        return not_found("UnknownPod", "deployment " + d.id.value + " has no pod '" + wanted + "'; it has " + names);
    return not_found("NoPod", "deployment " + d.id.value + " has no pod (it is " + std::string(phase_name(d.phase)) +
                                  "); `rigger insts` follows it, `rigger events` tells what happened");
}

} // namespace

std::string clusters(const Scene &scene) {
    JsonWriter json;
    for (const ClusterState &cluster : scene.snapshot().clusters) write_cluster(json, scene, cluster);
    for (const auto &[key, status] : scene.published.status->ports) {
        if (!key.starts_with(port_prefix)) continue;
        const std::string backend = key.substr(port_prefix.size());
        const auto &known = scene.snapshot().clusters;
        if (std::any_of(known.begin(), known.end(),
                        [&](const ClusterState &c) { return backend_of(c.name) == backend; }))
            continue;
        json.begin_object()
            .field("name", backend + "/")
            .field("backend", backend)
            .field("freshness", "unknown")
            .key("lagSeconds")
            .null()
            .field("nodes", 0)
            .field("pods", 0);
        json.field("disconnects", status.disconnects);
        write_error(json, status.last_error, status.last_error_at, false);
    }
    return list_answer(scene, json);
}

Status logs(const Snapshot &snapshot, const PortTable &ports, const CallContext &call, const Arguments &arguments,
            const Pieces &out) {
    RIG_TRY_ASSIGN(const DeploymentPtr d, resolve_deployment(snapshot, arguments.deployment));
    const auto cluster = std::find_if(snapshot.clusters.begin(), snapshot.clusters.end(),
                                      [&](const ClusterState &c) { return c.name == d->cluster; });
    if (cluster == snapshot.clusters.end())
        return Error{Code::unavailable, "ClusterUnknown",
                     "nothing is known yet of cluster " + d->cluster.value + " where deployment " + d->id.value +
                         " runs; see `rigger clusters`",
                     1000};
    RIG_TRY_ASSIGN(const PodView *const pod, choose_pod(*cluster, *d, arguments.pod));
    const auto backend = ports.backend(backend_of(d->cluster));
    if (!backend)
        return Error{Code::unavailable, "NotLoaded",
                     "cluster backend '" + backend_of(d->cluster) + "' is not loaded; see `rigger plugins list`", 0};
    Json request{{"cluster", own_name(d->cluster)},
                 {"namespace", pod->namespace_name},
                 {"name", pod->name},
                 {"follow", arguments.follow},
                 {"previous", arguments.previous}};
    if (!arguments.container.empty()) request["container"] = arguments.container;
    if (arguments.tail) request["tailLines"] = *arguments.tail;
    if (arguments.since_seconds) request["sinceSeconds"] = *arguments.since_seconds;
    return backend->logs(call, request.dump(), out);
}

Status probe(const PortTable &ports, const CallContext &call, const Pieces &out) {
    Json all = Json::array();
    for (const auto &backend : ports.backends()) {
        const auto text = backend->probe(call);
        const Json answer = text.ok() ? Json::parse(*text, nullptr, false) : Json();
        if (const Json *const known = clusters_in(answer)) add_clusters(all, backend->name(), *known);
        else
            all.push_back({{"name", backend->name() + "/"},
                           {"state", "unknown"},
                           {"version", nullptr},
                           {"error", text.ok() ? "the probe's answer is malformed" : text.error().message}});
    }
    return out(document(std::move(all)));
}

Status diagnosis(const LoopStatus &status, const PortTable &ports, const CallContext &call, const Arguments &arguments,
                 const Pieces &out) {
    const size_t slash = arguments.cluster.find('/');
    const std::string of = slash == std::string::npos ? "" : arguments.cluster.substr(0, slash),
                      named = slash == std::string::npos ? arguments.cluster : arguments.cluster.substr(slash + 1);
    const auto wanted = [&](const std::string &backend) { return of.empty() || of == backend; };
    Json all = Json::array();
    for (const auto &backend : ports.backends()) {
        if (!wanted(backend->name())) continue;
        const auto text = backend->diagnose(
            call, named.empty() ? "{}" : Json{{"cluster", named}}.dump(-1, ' ', false, Json::error_handler_t::replace));
        if (!text.ok() && is_unknown_cluster(text.error()) && !named.empty()) continue;
        const Json answer = text.ok() ? Json::parse(*text, nullptr, false) : Json();
        if (const Json *const known = clusters_in(answer)) add_clusters(all, backend->name(), *known);
        else
            all.push_back(not_examined(backend->name() + "/",
                                       text.ok() ? "the diagnosis is malformed" : text.error().message,
                                       "see `rigger plugins doctor`"));
    }
    for (Json &row : all)
        for (const SameCluster &same : status.same_clusters)
            if (row["name"] == same.second.value && row.contains("checks") && row["checks"].is_array())
                row["checks"].push_back(Json{
                    {"check", "name"}, {"ok", false}, {"detail", "it " + text_of(same)}, {"remedy", remedy_of(same)}});
    if (all.empty() && !arguments.cluster.empty())
        return not_found("UnknownCluster",
                         "there is no cluster " + in_quotes(arguments.cluster) + "; `rigger clusters` lists them");
    if (all.empty())
        all.push_back(not_examined("", "no cluster backend is running", "`rigger plugins doctor` says why"));
    return out(document(std::move(all)));
}

} // namespace rigger::views
