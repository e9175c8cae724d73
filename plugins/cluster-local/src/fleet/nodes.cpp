#include "fleet/nodes.hpp"

#include "api/json.hpp"
#include "api/labels.hpp"
#include "api/time.hpp"
#include "fleet/gpu_models.hpp"

#include <nlohmann/json.hpp>
#include <rigger/sdk/try.hpp>

#include <algorithm>
#include <charconv>

namespace cluster_local {
namespace {
constexpr const char *kFleetLabel = "rigger.dev/fleet"; ///< marks the nodes that this function may delete

/// As short as it can be said without loss: prices that differ must not become equal.
std::string price(double value) {
    char text[32];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

Json labels_of(const FleetServer &server) {
    Json labels = Json::object();
    for (const auto &[key, value] : server.labels) labels[key] = value;
    labels["kubernetes.io/hostname"] = server.name;
    labels["kubernetes.io/os"] = "linux";
    labels["kubernetes.io/arch"] = "amd64";
    labels["chutes/worker"] = "true";
    labels["chutes/external-ip"] = server.address;
    labels["chutes/tee"] = server.tee ? "true" : "false";
    labels["gpu-short-ref"] = server.model;
    labels["nvidia.com/gpu.count"] = std::to_string(server.count);
    labels["nvidia.com/gpu.memory"] = std::to_string(server.gpu_memory_mb);
    labels["nvidia.com/gpu.present"] = "true";
    if (const GpuModel *model = find_gpu_model(server.model)) labels["nvidia.com/gpu.product"] = model->product;
    if (!server.validator.empty()) labels["chutes/validator"] = server.validator;
    labels[kFleetLabel] = server.id;
    return labels;
}

Json annotations_of(const FleetServer &server) {
    Json gpus = Json::array();
    for (int i = 0; i < server.count; ++i)
        gpus.push_back({{"id", gpu_id(server.id, i)},
                        {"model", server.model},
                        {"verified", !server.unverified.contains(i)},
                        {"reserved", server.reserved.contains(i)}});
    return {{"rigger.dev/hourly-cost", price(server.hourly_cost)},
            {"rigger.dev/locked", server.locked ? "true" : "false"},
            {"rigger.dev/gpus", gpus.dump()},
            {"rigger.dev/server-id", server.id}};
}

Json capacity_of(const FleetServer &server) {
    return {{"cpu", std::to_string(server.cpu)},
            {"memory", std::to_string(server.memory_gb) + "Gi"},
            {"ephemeral-storage", std::to_string(server.disk_gb) + "Gi"},
            {"nvidia.com/gpu", std::to_string(server.count)},
            {"pods", "110"}};
}

Json fresh_status(const std::string &now) {
    Json conditions = Json::array();
    const auto add = [&](const char *type, const char *status, const char *reason) {
        conditions.push_back({{"type", type},
                              {"status", status},
                              {"reason", reason},
                              {"message", ""},
                              {"lastHeartbeatTime", now},
                              {"lastTransitionTime", now}});
    };
    add("MemoryPressure", "False", "KubeletHasSufficientMemory");
    add("DiskPressure", "False", "KubeletHasNoDiskPressure");
    add("PIDPressure", "False", "KubeletHasSufficientPID");
    add("Ready", "True", "KubeletReady");
    return {{"conditions", std::move(conditions)}};
}

void describe(const FleetServer &server, Json &status) {
    status["capacity"] = status["allocatable"] = capacity_of(server);
    status["addresses"] = Json::array();
    for (const char *type : {"InternalIP", "ExternalIP", "Hostname"})
        status["addresses"].push_back(
            {{"type", type}, {"address", std::string_view(type) == "Hostname" ? server.name : server.address}});
    status["nodeInfo"] = {
        {"architecture", "amd64"},      {"operatingSystem", "linux"},           {"osImage", "simulated"},
        {"kernelVersion", "simulated"}, {"containerRuntimeVersion", "sim://1"}, {"kubeletVersion", "v1.28.0-rigger"}};
}

rig::Status put_node(ApiServer &api, const FleetServer &server) {
    ObjectStore &store = api.store();
    const Record *existing = store.find(node_kind(), "", server.name);
    if (existing && existing->uid != server_uid(server.id)) { // another machine under an old name
        RIG_RETURN_IF_ERROR(store.erase(*existing));
        existing = nullptr;
    }
    if (!existing) {
        Json status = fresh_status(rfc3339(api.clock().wall_ns()));
        describe(server, status);
        RIG_ASSIGN_OR_RETURN(existing, api.create(node_kind(), {{"metadata",
                                                                 {{"name", server.name},
                                                                  {"uid", server_uid(server.id)},
                                                                  {"labels", labels_of(server)},
                                                                  {"annotations", annotations_of(server)}}},
                                                                {"spec", Json::object()},
                                                                {"status", std::move(status)}}));
        return {};
    }
    RIG_ASSIGN_OR_RETURN(const Json before, store.object(*existing));
    Json after = before;
    after["metadata"]["labels"] = labels_of(server);
    after["metadata"]["annotations"] = annotations_of(server);
    describe(server, after["status"]);
    return after == before ? rig::Status() : api.replace(*existing, after);
}
} // namespace

rig::Status sync_nodes(ApiServer &api, const Fleet &fleet) {
    std::vector<int64_t> gone;
    std::map<std::string, std::string_view> wanted; // uid -> name: a renamed server is another node
    for (const FleetServer &server : fleet.servers) wanted[server_uid(server.id)] = server.name;
    api.store().each(node_kind(), "", [&](const Record &node) {
        const auto it = wanted.find(node.uid);
        if (label(node.labels, kFleetLabel) && (it == wanted.end() || it->second != node.name)) gone.push_back(node.id);
        return true;
    });
    for (const int64_t id : gone) RIG_RETURN_IF_ERROR(api.store().erase(*api.store().find_id(id)));
    for (const FleetServer &server : fleet.servers) RIG_RETURN_IF_ERROR(put_node(api, server));
    return {};
}

} // namespace cluster_local
