#include "control/documents.hpp"
#include "control/views/resolve.hpp"
#include "control/views/views.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_map>

namespace rigger::views {
namespace {

constexpr Duration stale_after = std::chrono::seconds(90);

void judge_view(std::vector<std::string> &out, const std::string &name, const Freshness &f, MonoTime now) {
    if (!f.complete) {
        out.push_back("the view of " + name + " is not complete" +
                      (f.error.empty() ? ": its first listing is awaited" : ": " + f.error));
    } else if (now - f.as_of > stale_after) {
        const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - f.as_of).count();
        out.push_back("the view of " + name + " is " + std::to_string(age) + " s old");
    }
}

const ClusterState *cluster_of(const Snapshot &snapshot, const ClusterName &name) {
    for (const ClusterState &cluster : snapshot.clusters)
        if (cluster.name == name) return &cluster;
    return nullptr;
}

const char *node_status(const Snapshot &snapshot, const Server &server) {
    const ClusterState *cluster = cluster_of(snapshot, server.cluster);
    if (!cluster || !cluster->nodes.complete) return "Unknown";
    return server.ready ? "Ready" : server.cordoned ? "Cordoned" : "NotReady";
}

void nullable(JsonWriter &json, const char *key, const std::string &text) { json.text_or_null(key, text); }

} // namespace

std::string text_of(const SameCluster &same) {
    return "is cluster " + same.first.value + " by another name (both show node " + same.nodes.front() +
           (same.nodes.size() > 1 ? " and " + std::to_string(same.nodes.size() - 1) + " more" : "") +
           "): " + same.first.value + " stands, and this one is ignored";
}

std::string remedy_of(const SameCluster &same) {
    return "take the kubeconfig or the context " + own_name(same.second) + " away, or, for it to take over, " +
           own_name(same.first);
}

std::vector<std::string> warnings(const Scene &scene) {
    std::vector<std::string> out;
    for (const SourceState &source : scene.snapshot().sources) {
        judge_view(out, "offers of source " + source.name.value, source.offers, scene.now);
        judge_view(out, "instances of source " + source.name.value, source.instances, scene.now);
    }
    for (const ClusterState &cluster : scene.snapshot().clusters) {
        judge_view(out, "nodes of cluster " + cluster.name.value, cluster.nodes, scene.now);
        judge_view(out, "pods of cluster " + cluster.name.value, cluster.pods, scene.now);
        judge_view(out, "jobs of cluster " + cluster.name.value, cluster.jobs, scene.now);
        judge_view(out, "services of cluster " + cluster.name.value, cluster.services, scene.now);
    }
    for (const SameCluster &same : scene.published.status->same_clusters)
        out.push_back("cluster " + same.second.value + " " + text_of(same) + "; " + remedy_of(same));
    const auto &kept_out = scene.published.status->kept_out;
    out.insert(out.end(), kept_out.begin(), kept_out.end());
    if (scene.published.status->store_failing)
        out.push_back("the store cannot be written: " + scene.published.status->store_error);
    return out;
}

std::string list_answer(const Scene &scene, const JsonWriter &items, const std::vector<std::string> &more_warnings) {
    JsonWriter json;
    json.reserve(items.text().size() + 512);
    json.begin_object().key("items").begin_array().raw_items(items.text()).end_array();
    json.field("snapshot", scene.snapshot().version)
        .field("takenAt", scene.snapshot().taken_at)
        .key("warnings")
        .begin_array();
    for (const std::string &warning : warnings(scene)) json.value(warning);
    for (const std::string &warning : more_warnings) json.value(warning);
    return json.end_array().end_object().take();
}

std::string nodes(const Scene &scene, const Arguments &arguments) {
    JsonWriter json;
    for (const ServerPtr &s : scene.snapshot().servers) {
        if (s->name.find(arguments.node) == std::string::npos) continue;
        const auto count = [&](auto &&rule) { return std::count_if(s->gpus.begin(), s->gpus.end(), rule); };
        json.begin_object().field("serverId", s->id).field("nodeName", s->name);
        nullable(json, "ipAddress", s->ip_address);
        json.field("status", node_status(scene.snapshot(), *s));
        json.key("diskTotalGb");
        s->disk_total_gb > 0 ? json.value(s->disk_total_gb) : json.null();
        json.field("diskUsedGb", s->disk_used_gb).field("cluster", s->cluster);
        nullable(json, "gpuModel", s->gpus.empty() ? std::string() : s->gpus.front().model);
        json.field("gpuCount", s->gpus.size()).field("gpuFree", count([](const Gpu &g) { return g.free(); }));
        json.field("gpuOthers", s->gpus_of_others);
        json.field("gpuVerified", count([](const Gpu &g) { return g.verified; })).field("hourlyCost", s->hourly_cost);
        json.field("locked", s->locked).field("tee", s->tee).end_object();
    }
    return list_answer(scene, json);
}

std::string pods(const Scene &scene, const Arguments &arguments) {
    struct Row {
        const PodView *pod;
        const ClusterName *cluster;
    };
    std::vector<Row> rows;
    for (const ClusterState &cluster : scene.snapshot().clusters)
        for (const auto &pod : cluster.pod_list)
            if (arguments.namespace_name.empty() || pod->namespace_name == arguments.namespace_name)
                rows.push_back({pod.get(), &cluster.name});
    std::sort(rows.begin(), rows.end(), [](const Row &a, const Row &b) {
        return std::tie(a.pod->namespace_name, a.pod->node_name, a.pod->name, *a.cluster) <
               std::tie(b.pod->namespace_name, b.pod->node_name, b.pod->name, *b.cluster);
    });
    JsonWriter json;
    json.reserve(rows.size() * 320);
    for (const auto &[pod, cluster] : rows) {
        json.begin_object().field("namespace", pod->namespace_name);
        nullable(json, "nodeName", pod->node_name);
        json.field("podName", pod->name)
            .field("status", pod->terminating     ? "Terminating"
                             : pod->phase.empty() ? "Unknown"
                                                  : pod->phase.c_str());
        nullable(json, "podIp", pod->pod_ip);
        json.field("startTime", pod->start_time)
            .field("ready", pod->ready)
            .field("restarts", pod->restart_count)
            .field("cluster", *cluster);
        nullable(json, "deploymentId", pod->deployment.value);
        json.end_object();
    }
    return list_answer(scene, json);
}

std::string servers(const Scene &scene) {
    JsonWriter json;
    for (const ServerPtr &s : scene.snapshot().servers) {
        json.begin_object().field("id", s->id).field("name", s->name).field("cluster", s->cluster);
        nullable(json, "validator", s->validator);
        nullable(json, "ipAddress", s->ip_address);
        json.field("status", node_status(scene.snapshot(), *s))
            .field("gpuCount", s->gpus.size())
            .field("hourlyCost", s->hourly_cost)
            .field("locked", s->locked);
        json.field("tee", s->tee)
            .field("ready", s->ready)
            .field("cpuPerGpu", s->cpu_per_gpu)
            .field("memoryPerGpu", s->memory_per_gpu);
        json.field("diskTotalGb", s->disk_total_gb)
            .field("diskUsedGb", s->disk_used_gb)
            .field("createdAt", s->created_at);
        json.raw_field("labels", s->labels.empty() ? "{}" : s->labels).end_object();
    }
    return list_answer(scene, json);
}

std::string gpus(const Scene &scene) {
    JsonWriter json;
    for (const ServerPtr &s : scene.snapshot().servers)
        for (const Gpu &gpu : s->gpus) {
            json.begin_object()
                .field("id", gpu.id)
                .field("serverId", s->id)
                .field("serverName", s->name)
                .field("model", gpu.model);
            json.field("verified", gpu.verified)
                .field("reserved", gpu.reserved)
                .field("setAside", gpu.set_aside)
                .field("free", gpu.free());
            nullable(json, "deploymentId", gpu.deployment.value);
            json.end_object();
        }
    return list_answer(scene, json);
}

std::string deployments(const Scene &scene) {
    JsonWriter json;
    for (const DeploymentPtr &d : scene.snapshot().deployments) documents::deployment(json, *d);
    return list_answer(scene, json);
}

namespace {

struct InstanceRow {
    const Deployment *d;
    std::string status;
    const PodView *pod = nullptr;
    const JobView *job = nullptr;
    bool ready = false;
};

/// Precondition: they are in order of the deployments' ids.
const StepStatus *held_up(const Scene &scene, const DeploymentId &id) {
    const std::vector<StepStatus> &stuck = scene.published.status->stuck;
    const auto at =
        std::lower_bound(stuck.begin(), stuck.end(), id,
                         [](const StepStatus &step, const DeploymentId &wanted) { return step.deployment < wanted; });
    return at == stuck.end() || at->deployment != id ? nullptr : &*at;
}

/// What was last seen of a cluster that is out of reach says nothing about now.
std::string job_status(const ClusterState *cluster, const JobView *job) {
    if (!cluster || !cluster->jobs.complete) return "Unknown";
    if (!job) return "None";
    if (job->failed > 0) return "Failed";
    if (job->succeeded > 0) return "Succeeded";
    return job->active > 0 ? "Active" : "None";
}

} // namespace

std::string instances(const Scene &scene, const Arguments &arguments) {
    std::unordered_map<std::string_view, InstanceRow> found;
    for (const ClusterState &cluster : scene.snapshot().clusters) {
        for (const auto &pod : cluster.pod_list) {
            if (pod->deployment.empty()) continue;
            InstanceRow &row = found[pod->deployment.value];
            if (!row.pod || pod->name < row.pod->name) row.pod = pod.get();
            row.ready = row.ready || pod->ready;
        }
        for (const auto &job : cluster.job_list)
            if (!job->deployment.empty()) found[job->deployment.value].job = job.get();
    }
    std::vector<InstanceRow> rows;
    const std::string node = server_filter(scene.snapshot(), arguments.node);
    for (const DeploymentPtr &d : scene.snapshot().deployments) {
        if (d->node_name.find(node) == std::string::npos) continue;
        const auto at = found.find(d->id.value);
        InstanceRow row = at == found.end() ? InstanceRow{} : at->second;
        row.d = d.get();
        const ClusterState *const cluster = cluster_of(scene.snapshot(), d->cluster);
        row.status = job_status(cluster, row.job);
        row.ready = row.ready && cluster && cluster->pods.complete;
        rows.push_back(std::move(row));
    }
    std::sort(rows.begin(), rows.end(), [](const InstanceRow &a, const InstanceRow &b) {
        return std::make_tuple(!a.ready, std::string_view(a.d->node_name), std::string_view(a.d->offer_name),
                               std::string_view(a.d->id.value)) <
               std::make_tuple(!b.ready, std::string_view(b.d->node_name), std::string_view(b.d->offer_name),
                               std::string_view(b.d->id.value));
    });
    JsonWriter json;
    for (const InstanceRow &row : rows) {
        const Deployment &d = *row.d;
        json.begin_object().field("deploymentId", d.id).field("nodeName", d.node_name).field("offerId", d.offer);
        json.field("offerName", d.offer_name.empty() ? "[NONE]" : d.offer_name.c_str())
            .field("gpuCount", d.gpus.size())
            .field("ready", row.ready);
        json.field("status", row.status);
        nullable(json, "podState", row.pod ? row.pod->phase : std::string());
        json.field("startTime", row.pod && row.pod->start_time ? row.pod->start_time
                                : row.job                      ? row.job->start_time
                                                               : std::optional<WallTime>());
        // Where the pod does not say it, what holds the deployment up does.
        const StepStatus *const held = held_up(scene, d.id);
        const bool told = row.pod && !row.pod->message.empty();
        nullable(json, "reason",
                 held && !told && !held->reason.empty() ? held->reason
                 : row.pod                              ? row.pod->reason
                                                        : std::string());
        nullable(json, "message", told ? row.pod->message : held ? held->last_error : std::string());
        json.field("gpuMilli", d.gpu_milli)
            .field("phase", phase_name(d.phase))
            .text_or_null("instanceId", d.instance.value)
            .field("serverId", d.server)
            .field("createdAt", d.created_at);
        nullable(json, "endCause", d.end_cause);
        json.end_object();
    }
    return list_answer(scene, json);
}

std::string failures(const Scene &scene) {
    const Snapshot &snapshot = scene.snapshot();
    const auto offer_name = [&](const OfferId &id) {
        for (const OfferPtr &offer : snapshot.offers)
            if (offer->id == id) return offer->name;
        return std::string("[NONE]");
    };
    const auto server_name = [&](const ServerId &id) {
        for (const ServerPtr &server : snapshot.servers)
            if (server->id == id) return server->name;
        return std::string();
    };
    JsonWriter json;
    for (const FailureMark &mark : snapshot.failures) {
        json.begin_object()
            .field("kind", mark.server.empty() ? "offer" : "offer-on-server")
            .field("offerId", mark.offer)
            .field("offerName", offer_name(mark.offer));
        nullable(json, "serverId", mark.server.value);
        nullable(json, "serverName", server_name(mark.server));
        json.field("cause", mark.cause).field("failedAt", mark.deleted_at).field("until", mark.until).end_object();
    }
    for (const Backoff &backoff : snapshot.backoffs) {
        json.begin_object()
            .field("kind", "backoff")
            .field("offerId", backoff.offer)
            .field("offerName", offer_name(backoff.offer))
            .key("serverId")
            .null();
        json.key("serverName")
            .null()
            .field("cause", backoff.reason)
            .key("failedAt")
            .null()
            .field("until", backoff.until)
            .end_object();
    }
    for (const auto &[offer, reason] : snapshot.bans) {
        json.begin_object()
            .field("kind", "ban")
            .field("offerId", offer)
            .field("offerName", offer_name(offer))
            .key("serverId")
            .null();
        json.key("serverName").null().field("cause", reason).key("failedAt").null().key("until").null().end_object();
    }
    return list_answer(scene, json);
}

} // namespace rigger::views
