#include "domain/objects.hpp"

#include "base/utf8.hpp"
#include "domain/gpu_model.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace rigger {
namespace {
using nlohmann::json;

const json empty_object = json::object();
constexpr int most_gpus = 64; ///< of one node; an absurd number must not exhaust us

const json &child(const json &object, const char *key) {
    if (object.is_object())
        if (const auto at = object.find(key); at != object.end()) return *at;
    return empty_object;
}
std::string text(const json &object, const char *key) {
    const json &value = child(object, key);
    return value.is_string() ? value.get<std::string>() : std::string();
}
bool flag(const json &object, const char *key) {
    const json &value = child(object, key);
    return value.is_boolean() && value.get<bool>();
}
int count(const json &object, const char *key) {
    const json &value = child(object, key);
    if (!value.is_number()) return 0;
    return static_cast<int>(std::clamp(value.get<double>(), -2147483648.0, 2147483647.0));
}
std::optional<WallTime> time(const json &object, const char *key) {
    const json &value = child(object, key);
    return value.is_string() ? parse_rfc3339(value.get_ref<const std::string &>()) : std::nullopt;
}
/// Quantities arrive as strings or as bare numbers.
std::string quantity_text(const json &object, const char *key) {
    const json &value = child(object, key);
    if (value.is_string()) return value.get<std::string>();
    return value.is_number() ? value.dump() : std::string();
}
int bounded(double value) {
    return static_cast<int>(std::clamp(value, 0.0, static_cast<double>(std::numeric_limits<int>::max())));
}

Result<json> parse(std::string_view document, std::string_view kind) {
    json object = json::parse(document, nullptr, false);
    if (object.is_discarded()) return invalid("NotJson", "cannot read an object of the cluster: not JSON");
    if (!object.is_object()) return invalid("NotAnObject", "cannot read an object of the cluster: not a JSON object");
    if (!kind.empty() && text(object, "kind") != kind)
        return invalid("WrongKind", "cannot read an object of the cluster: expected kind " + std::string(kind) +
                                        ", got '" + text(object, "kind") + "'");
    if (text(child(object, "metadata"), "name").empty())
        return invalid("NoName", "cannot read an object of the cluster: it has no metadata.name");
    return object;
}

/// The first state that explains why a container does not run: waiting or terminated.
const json *telling_state(const json &statuses) {
    if (!statuses.is_array() || statuses.empty()) return nullptr;
    const json &state = child(statuses.front(), "state");
    for (const char *key : {"waiting", "terminated"})
        if (const auto at = state.find(key); state.is_object() && at != state.end() && at->is_object()) return &*at;
    return nullptr;
}

void read_container_states(const json &status, PodView &pod) {
    const json &main = child(status, "containerStatuses");
    const json *state = telling_state(main);
    if (!state || text(*state, "reason") == "PodInitializing")
        if (const json *init = telling_state(child(status, "initContainerStatuses"));
            init && text(*init, "reason") != "Completed")
            state = init;
    if (state) {
        pod.reason = text(*state, "reason");
        pod.message = text(*state, "message");
        if (state->contains("exitCode")) pod.exit_code = count(*state, "exitCode");
    } else {
        pod.reason = text(status, "reason");
        pod.message = text(status, "message");
    }
    if (!main.is_array()) return;
    bool all_ready = !main.empty();
    for (const json &container : main) {
        pod.restart_count += count(container, "restartCount");
        all_ready = all_ready && flag(container, "ready");
    }
    pod.ready = all_ready && pod.phase == "Running";
}

double disk_requests(const json &containers) {
    double total = 0;
    if (!containers.is_array()) return 0;
    for (const json &container : containers)
        total += parse_disk_gb(quantity_text(child(child(container, "resources"), "requests"), "ephemeral-storage"))
                     .value_or(0);
    return total;
}

/// As the scheduler counts: what all containers ask for together, or the one init container that asks for more. Of an
/// extended resource requests and limits are the same, and either may be left out.
int gpu_requests(const json &spec) {
    const auto asked = [](const json &container) {
        const json &resources = child(container, "resources");
        const auto amount = [&](const char *kind) {
            return parse_quantity(quantity_text(child(resources, kind), "nvidia.com/gpu")).value_or(0);
        };
        return bounded(std::max(amount("requests"), amount("limits")));
    };
    int together = 0, first = 0;
    if (const json &containers = child(spec, "containers"); containers.is_array())
        for (const json &container : containers) together += std::min(asked(container), most_gpus);
    if (const json &containers = child(spec, "initContainers"); containers.is_array())
        for (const json &container : containers) first = std::max(first, asked(container));
    return std::min(std::max(together, first), most_gpus);
}

std::string label(const json &metadata, std::string_view key) {
    return text(child(metadata, "labels"), std::string(key).c_str());
}

std::string object_text(const json &value) {
    return value.is_object() ? value.dump(-1, ' ', false, json::error_handler_t::replace) : "{}";
}

} // namespace

std::string_view kind_name(ObjectKind kind) noexcept {
    constexpr std::string_view names[] = {"Node", "Pod", "Job", "Service"};
    return names[static_cast<size_t>(kind)];
}
std::string_view kind_api_version(ObjectKind kind) noexcept { return kind == ObjectKind::job ? "batch/v1" : "v1"; }
std::string_view view_name(ObjectKind kind) noexcept {
    constexpr std::string_view names[] = {"nodes", "pods", "jobs", "services"};
    return names[static_cast<size_t>(kind)];
}

Result<ObjectMeta> project_meta(std::string_view document) {
    RIG_TRY_ASSIGN(const json object, parse(document, ""));
    const json &metadata = child(object, "metadata");
    return ObjectMeta{text(object, "apiVersion"),
                      text(object, "kind"),
                      text(metadata, "namespace"),
                      text(metadata, "name"),
                      text(metadata, "uid"),
                      DeploymentId(label(metadata, deployment_label)),
                      label(metadata, config_label),
                      metadata.contains("deletionTimestamp") && !metadata["deletionTimestamp"].is_null(),
                      label(metadata, manager_label) == "rigger"};
}

Result<NodeView> project_node(std::string_view document) {
    RIG_TRY_ASSIGN(const json object, parse(document, "Node"));
    const json &metadata = child(object, "metadata"), &status = child(object, "status"),
               &capacity = child(status, "capacity");
    NodeView node;
    node.name = text(metadata, "name");
    node.uid = text(metadata, "uid");
    node.cordoned = flag(child(object, "spec"), "unschedulable");
    node.labels = object_text(child(metadata, "labels"));
    json annotations = child(metadata, "annotations");
    if (annotations.is_object()) annotations.erase("kubectl.kubernetes.io/last-applied-configuration");
    node.annotations = object_text(annotations);
    node.gpu_model = label(metadata, "gpu-short-ref");
    if (node.gpu_model.empty()) node.gpu_model = gpu_short_ref(label(metadata, "nvidia.com/gpu.product"));
    node.gpu_capacity = bounded(parse_quantity(quantity_text(capacity, "nvidia.com/gpu")).value_or(0));
    node.cpu_milli = bounded(parse_quantity(quantity_text(capacity, "cpu")).value_or(0) * 1000);
    node.memory_mib = bounded(parse_quantity(quantity_text(capacity, "memory")).value_or(0) / (1024 * 1024));
    node.disk_total_gb = parse_disk_gb(quantity_text(capacity, "ephemeral-storage")).value_or(0);
    if (const json &conditions = child(status, "conditions"); conditions.is_array())
        for (const json &condition : conditions)
            if (text(condition, "type") == "Ready") node.ready = text(condition, "status") == "True";
    if (const json &addresses = child(status, "addresses"); addresses.is_array())
        for (const json &address : addresses)
            if (node.ip_address.empty() || text(address, "type") == "ExternalIP")
                if (text(address, "type") == "ExternalIP" || text(address, "type") == "InternalIP")
                    node.ip_address = text(address, "address");
    if (const std::string external = label(metadata, "chutes/external-ip"); !external.empty())
        node.ip_address = external;
    return node;
}

Result<PodView> project_pod(std::string_view document) {
    RIG_TRY_ASSIGN(const json object, parse(document, "Pod"));
    const json &metadata = child(object, "metadata"), &spec = child(object, "spec"), &status = child(object, "status");
    PodView pod;
    pod.namespace_name = text(metadata, "namespace");
    pod.name = text(metadata, "name");
    pod.uid = text(metadata, "uid");
    pod.node_name = text(spec, "nodeName");
    pod.phase = text(status, "phase");
    pod.pod_ip = text(status, "podIP");
    pod.deployment = DeploymentId(label(metadata, deployment_label));
    pod.config_id = label(metadata, config_label);
    pod.created_at = time(metadata, "creationTimestamp");
    pod.start_time = time(status, "startTime");
    pod.terminating = child(metadata, "deletionTimestamp").is_string();
    read_container_states(status, pod);
    pod.gpu_request = gpu_requests(spec);
    pod.disk_request_gb = disk_requests(child(spec, "containers")) + disk_requests(child(spec, "initContainers"));
    return pod;
}

Result<JobView> project_job(std::string_view document) {
    RIG_TRY_ASSIGN(const json object, parse(document, "Job"));
    const json &metadata = child(object, "metadata"), &status = child(object, "status");
    JobView job;
    job.namespace_name = text(metadata, "namespace");
    job.name = text(metadata, "name");
    job.uid = text(metadata, "uid");
    job.deployment = DeploymentId(label(metadata, deployment_label));
    job.active = count(status, "active");
    job.succeeded = count(status, "succeeded");
    job.failed = count(status, "failed");
    job.created_at = time(metadata, "creationTimestamp");
    job.start_time = time(status, "startTime");
    job.terminating = child(metadata, "deletionTimestamp").is_string();
    return job;
}

Result<ServiceView> project_service(std::string_view document) {
    RIG_TRY_ASSIGN(const json object, parse(document, "Service"));
    const json &metadata = child(object, "metadata");
    ServiceView service;
    service.namespace_name = text(metadata, "namespace");
    service.name = text(metadata, "name");
    service.uid = text(metadata, "uid");
    service.deployment = DeploymentId(label(metadata, deployment_label));
    if (const json &ports = child(child(object, "spec"), "ports"); ports.is_array())
        for (const json &port : ports)
            if (const int number = count(port, "nodePort"); number > 0) service.node_ports.push_back(number);
    return service;
}

Result<std::optional<Complaint>> project_event(std::string_view document) {
    constexpr size_t longest = 1000;
    RIG_TRY_ASSIGN(const json object, parse(document, "Event"));
    if (text(object, "type") != "Warning") return std::optional<Complaint>();
    Complaint said{text(object, "reason"), text(object, "message"), {}};
    if (said.message.size() > longest) {
        said.message.resize(utf8_prefix(said.message, longest));
        said.message += "...";
    }
    for (const char *key : {"lastTimestamp", "eventTime"})
        if (!said.at) said.at = time(object, key);
    if (!said.at) said.at = time(child(object, "metadata"), "creationTimestamp");
    return std::optional<Complaint>(std::move(said));
}

namespace {

std::string plain_gpu_id(std::string id) {
    if (id.starts_with("GPU-")) id.erase(0, 4);
    std::erase(id, '-');
    return id;
}

std::optional<std::vector<DeclaredGpu>> read_gpus(const std::string &annotation, std::vector<std::string> &problems) {
    const json list = json::parse(annotation, nullptr, false);
    if (!list.is_array()) {
        problems.push_back("annotation rigger.dev/gpus is not a JSON array");
        return std::nullopt;
    }
    std::vector<DeclaredGpu> gpus;
    for (const json &item : list) {
        DeclaredGpu gpu{plain_gpu_id(text(item, "id")), text(item, "model"), flag(item, "verified"),
                        flag(item, "reserved")};
        const bool repeated =
            std::any_of(gpus.begin(), gpus.end(), [&](const DeclaredGpu &g) { return g.id == gpu.id; });
        if (gpu.id.empty() || repeated) {
            problems.push_back(gpu.id.empty() ? "annotation rigger.dev/gpus holds a GPU without id"
                                              : "GPU " + gpu.id + " is declared twice");
            continue;
        }
        gpus.push_back(std::move(gpu));
    }
    return gpus;
}

} // namespace

std::string counted_gpu_id(std::string_view node, int index) { return std::string(node) + ":" + std::to_string(index); }
bool is_counted_gpu(std::string_view id) noexcept { return id.find(':') != std::string_view::npos; }

NodeDeclaration read_declaration(const NodeView &node) {
    NodeDeclaration said;
    const json labels = json::parse(node.labels, nullptr, false),
               annotations = json::parse(node.annotations, nullptr, false);
    said.worker = labels.is_object() && labels.contains("chutes/worker") && text(labels, "chutes/worker") != "false";
    said.validator = text(labels, "chutes/validator");
    said.external_ip = text(labels, "chutes/external-ip");
    said.tee = text(labels, "chutes/tee") == "true";
    if (const auto memory = parse_quantity(text(labels, "nvidia.com/gpu.memory"));
        memory && *memory > 0 && *memory < 1e9)
        said.gpu_memory_mb = static_cast<int64_t>(*memory);
    if (const std::string cost = text(annotations, "rigger.dev/hourly-cost"); !cost.empty()) {
        const auto value = parse_quantity(cost);
        if (value && std::isfinite(*value) && *value > 0) said.hourly_cost = *value;
        else
            said.problems.push_back("annotation rigger.dev/hourly-cost '" + cost +
                                    "' is not a price; give USD per GPU-hour, more than 0");
    }
    if (const std::string locked = text(annotations, "rigger.dev/locked"); !locked.empty())
        said.locked = locked == "true";
    if (const std::string gpus = text(annotations, "rigger.dev/gpus"); !gpus.empty()) {
        said.gpus = read_gpus(gpus, said.problems);
    } else {
        const auto devices = parse_quantity(text(labels, "nvidia.com/gpu.count"));
        said.counted_gpus =
            std::min({node.gpu_capacity, most_gpus, devices && *devices > 0 ? bounded(*devices) : most_gpus});
    }
    return said;
}

} // namespace rigger
