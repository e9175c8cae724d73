#include <chutes/names.hpp>
#include <chutes/objects.hpp>

#include "labels.hpp"

#include <cmath>

namespace chutes {
namespace {

using detail::invalid;
using detail::Json;

void put(Json &env, const std::string &name, std::string value) {
    env.push_back({{"name", name}, {"value", std::move(value)}});
}

std::string device_list(const Request &r) {
    std::string list;
    for (const std::string &gpu : r.gpu_ids) {
        if (!list.empty()) list.push_back(',');
        list += gpu_device_id(gpu);
    }
    return list;
}

/// "10Gi"; a fraction of a GiB is rounded up.
std::string gib(double amount) { return std::to_string(static_cast<long long>(std::ceil(amount))) + "Gi"; }

/// What goes with the GPUs; with a share of one, as large a share.
std::string cpu_of(const Request &r) {
    if (r.chute.gpu_milli < 1000) return std::to_string(r.server.cpu_per_gpu * r.chute.gpu_milli) + "m";
    return std::to_string(r.server.cpu_per_gpu * r.chute.gpu_count);
}
std::string memory_of(const Request &r) {
    if (r.chute.gpu_milli < 1000)
        return std::to_string(r.server.memory_per_gpu_gb * 1024LL * r.chute.gpu_milli / 1000) + "Mi";
    return std::to_string(r.server.memory_per_gpu_gb * r.chute.gpu_count) + "Gi";
}

Json environment(const Request &r, const std::vector<Port> &ports, const std::vector<int> &node_ports) {
    Json env = Json::array();
    put(env, "NCCL_P2P_DISABLE", "1");
    put(env, "NCCL_IB_DISABLE", "1");
    put(env, "NCCL_SHM_DISABLE", "0");
    put(env, "NCCL_NET_GDR_LEVEL", "0");
    put(env, "NCCL_DEBUG", "INFO");
    put(env, "NCCL_SOCKET_IFNAME", "lo");
    put(env, "NCCL_SOCKET_FAMILY", "AF_INET");
    put(env, "NVIDIA_VISIBLE_DEVICES", device_list(r));
    put(env, "CHUTES_NVIDIA_DEVICES", device_list(r));
    for (std::size_t i = 0; i < ports.size(); ++i) {
        const std::string node_port = std::to_string(node_ports[i]);
        // The base ports come first; every port after them belongs to the job, whether or not there is an attestation
        // port.
        if (ports[i].number == Request::primary_port && i == 0) put(env, "CHUTES_PORT_PRIMARY", node_port);
        else if (ports[i].number == Request::logging_port && i == 1) put(env, "CHUTES_PORT_LOGGING", node_port);
        else if (ports[i].number == Request::attestation_port && i == 2 && r.chute.tee)
            put(env, "CHUTES_PORT_ATTESTATION", node_port);
        else put(env, "CHUTES_PORT_" + ports[i].protocol + "_" + std::to_string(ports[i].number), node_port);
    }
    put(env, "CHUTES_EXECUTION_CONTEXT", "REMOTE");
    put(env, "VLLM_DISABLE_TELEMETRY", "1");
    put(env, "HF_HOME", "/cache");
    put(env, "CIVITAI_HOME", "/cache/civitai");
    if (!r.grant.token.empty()) {
        put(env, "CHUTES_LAUNCH_JWT", r.grant.token);
        put(env, "CHUTES_EXTERNAL_HOST", r.server.ip_address);
    }
    if (r.chute.tee) {
        if (Version::parse(r.server.vm_version) >= since::xet_tuning) {
            put(env, "HF_XET_FIXED_DOWNLOAD_CONCURRENCY", "16");
            put(env, "TOKIO_WORKER_THREADS", "8");
        } else {
            put(env, "HF_HUB_DISABLE_XET", "1");
            put(env, "HF_HUB_ENABLE_HF_TRANSFER", "1");
        }
    }
    return env;
}

Json command(const Settings &settings, const Request &r) {
    Json words = Json::array({"chutes", "run", r.chute.ref_str, "--port", std::to_string(Request::primary_port)});
    if (r.grant.token.empty()) {
        words.push_back("--graval-seed");
        words.push_back(std::to_string(*r.server.seed));
    }
    words.push_back("--miner-ss58");
    words.push_back(settings.miner_hotkey);
    words.push_back("--validator-ss58");
    words.push_back(r.server.validator.empty() ? settings.validator_hotkey : r.server.validator);
    return words;
}

Json readiness_probe(const Request &r) {
    const int port =
        r.chute.runtime_version() >= since::separate_log_port ? Request::logging_port : Request::primary_port;
    const std::string probe = "curl -sf --max-time 1 http://127.0.0.1:" + std::to_string(port) + "/_alive || exit 1";
    return {{"exec", Json{{"command", Json::array({"/bin/sh", "-c", probe})}}},
            {"initialDelaySeconds", 15},
            {"periodSeconds", 15},
            {"timeoutSeconds", 1},
            {"successThreshold", 1},
            {"failureThreshold", 60}};
}

Json cache_init(const Settings &settings, const Request &r) {
    const auto own = settings.cache_max_size_gb_by_node.find(r.server.name);
    const int size_gb = own == settings.cache_max_size_gb_by_node.end() ? settings.cache_max_size_gb : own->second;
    Json env = Json::array();
    put(env, "CLEANUP_EXCLUDE", r.chute.id);
    put(env, "HF_HOME", "/cache");
    put(env, "CIVITAI_HOME", "/cache/civitai");
    put(env, "CACHE_MAX_AGE_DAYS", std::to_string(settings.cache_max_age_days));
    put(env, "CACHE_MAX_SIZE_GB", std::to_string(size_gb));
    put(env, "NVIDIA_VISIBLE_DEVICES", device_list(r));
    return {{"name", "cache-init"},
            {"image", settings.cache_cleaner_image},
            {"imagePullPolicy", "Always"},
            {"securityContext", {{"runAsUser", 0}, {"runAsGroup", 0}}},
            {"env", std::move(env)},
            {"volumeMounts", Json::array({Json{{"name", "raw-cache"}, {"mountPath", "/cache"}}})}};
}

Json container(const Settings &settings, const Request &r, const std::vector<Port> &ports,
               const std::vector<int> &node_ports) {
    Json container_ports = Json::array();
    for (const Port &port : ports)
        container_ports.push_back({{"containerPort", port.number}, {"protocol", port.protocol}});
    Json mounts = Json::array();
    if (r.chute.needs_code_config_map())
        mounts.push_back({{"name", "code"}, {"mountPath", "/app/" + r.chute.filename}, {"subPath", r.chute.filename}});
    mounts.push_back({{"name", "cache"}, {"mountPath", "/cache"}});
    mounts.push_back({{"name", "tmp"}, {"mountPath", "/tmp"}});
    mounts.push_back({{"name", "shm"}, {"mountPath", "/dev/shm"}});
    const Json amounts{{"cpu", cpu_of(r)}, {"memory", memory_of(r)}, {"ephemeral-storage", gib(r.chute.disk_gb)}};
    return {{"name", "chute"},
            {"image", image_reference(settings, r)},
            {"imagePullPolicy", "Always"},
            {"command", command(settings, r)},
            {"env", environment(r, ports, node_ports)},
            {"ports", std::move(container_ports)},
            {"resources", {{"requests", amounts}, {"limits", amounts}}},
            {"volumeMounts", std::move(mounts)},
            {"securityContext", {{"capabilities", {{"add", Json::array({"IPC_LOCK"})}}}}},
            {"readinessProbe", readiness_probe(r)}};
}

Json volumes(const Settings &settings, const Request &r) {
    Json list = Json::array();
    if (r.chute.needs_code_config_map())
        list.push_back(
            {{"name", "code"}, {"configMap", {{"name", code_config_map_name(r.chute.id, r.chute.version)}}}});
    list.push_back({{"name", "cache"},
                    {"hostPath", {{"path", settings.cache_root + "/" + r.chute.id}, {"type", "DirectoryOrCreate"}}}});
    list.push_back(
        {{"name", "raw-cache"}, {"hostPath", {{"path", settings.cache_root}, {"type", "DirectoryOrCreate"}}}});
    list.push_back({{"name", "tmp"}, {"emptyDir", {{"sizeLimit", gib(r.chute.disk_gb)}}}});
    list.push_back(
        {{"name", "shm"}, {"emptyDir", {{"medium", "Memory"}, {"sizeLimit", gib(settings.shared_memory_gib)}}}});
    return list;
}

} // namespace

rig::Result<std::string> job_object(const Settings &settings, const Request &r, const std::vector<int> &node_ports) {
    const std::vector<Port> ports = r.ports();
    if (node_ports.size() != ports.size()) return invalid("node ports", "do not match the Service's ports");
    if (r.gpu_ids.size() != static_cast<std::size_t>(r.chute.gpu_count))
        return invalid("gpus", "lists " + std::to_string(r.gpu_ids.size()) + " GPUs where the offer wants " +
                                   std::to_string(r.chute.gpu_count));
    if (r.grant.token.empty() && !r.server.seed)
        return invalid("grant.token",
                       "is missing, and server " + r.server.name + " has no seed for the flow without one");
    if (r.chute.needs_code_config_map() && r.chute.filename.empty())
        return invalid("offer.workload.filename", "is missing");

    Json pod_spec{{"restartPolicy", "Never"},
                  {"nodeName", r.server.name},
                  {"terminationGracePeriodSeconds", settings.termination_grace_seconds},
                  {"volumes", volumes(settings, r)},
                  {"initContainers", Json::array({cache_init(settings, r)})},
                  {"containers", Json::array({container(settings, r, ports, node_ports)})}};
    if (!settings.runtime_class.empty()) pod_spec["runtimeClassName"] = settings.runtime_class;
    if (settings.run_as >= 0)
        pod_spec["securityContext"] = {{"runAsUser", settings.run_as}, {"runAsGroup", settings.run_as}};

    const Json labels = detail::labels_of_workload(r);
    const Json object{
        {"apiVersion", "batch/v1"},
        {"kind", "Job"},
        {"metadata", {{"name", job_name(r.deployment_id)}, {"namespace", r.namespace_name}, {"labels", labels}}},
        {"spec",
         {{"parallelism", 1},
          {"completions", 1},
          {"backoffLimit", 0},
          {"ttlSecondsAfterFinished", settings.job_ttl_seconds},
          {"template",
           {{"metadata",
             {{"labels", labels},
              {"annotations",
               {{"prometheus.io/scrape", "true"},
                {"prometheus.io/path", "/_metrics"},
                {"prometheus.io/port", std::to_string(Request::primary_port)}}}}},
            {"spec", std::move(pod_spec)}}}}}};
    return object.dump();
}

} // namespace chutes
