// core/domain/objects.hpp -- from Kubernetes-shaped JSON to the few fields that decisions need. Pure; any thread.
#pragma once
#include "base/status.hpp"
#include "domain/cluster_view.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace rigger {

/// The kinds that the control loop watches.
enum class ObjectKind : uint8_t { node, pod, job, service };
inline constexpr ObjectKind watched_kinds[] = {ObjectKind::node, ObjectKind::pod, ObjectKind::job, ObjectKind::service};
std::string_view kind_name(ObjectKind kind) noexcept;        ///< "Node", ...
std::string_view kind_api_version(ObjectKind kind) noexcept; ///< "v1", "batch/v1"
std::string_view view_name(ObjectKind kind) noexcept;        ///< "nodes", ...: how documents name the view

/// What is common to all objects, and what marks them as ours.
struct ObjectMeta {
    std::string api_version, kind, namespace_name, name, uid;
    DeploymentId deployment; ///< label chutes/deployment-id
    std::string config_id;   ///< label chutes/config-id
    bool terminating = false;
    bool managed = false; ///< label app.kubernetes.io/managed-by is "rigger"
};

inline constexpr std::string_view deployment_label = "chutes/deployment-id";
inline constexpr std::string_view config_label = "chutes/config-id";
inline constexpr std::string_view manager_label = "app.kubernetes.io/managed-by";

// Errors: invalid (NotJson, NotAnObject, WrongKind, NoName). Missing optional fields take the view's default.
Result<ObjectMeta> project_meta(std::string_view document);
Result<NodeView> project_node(std::string_view document);
Result<PodView> project_pod(std::string_view document);
Result<JobView> project_job(std::string_view document);
Result<ServiceView> project_service(std::string_view document);
/// nullopt: an Event that is no warning. A long message is cut.
Result<std::optional<Complaint>> project_event(std::string_view document);

/// A Kubernetes quantity ("100m", "16Gi", "2e3", "1.5G") as a plain number; nullopt: not a quantity.
std::optional<double> parse_quantity(std::string_view text);
/// Disk in the miner's GB: Gi and G as they are, smaller units by powers of 1024, plain bytes by 1024^3. nullopt: not a
/// quantity.
std::optional<double> parse_disk_gb(std::string_view text);

/// One GPU of the annotation rigger.dev/gpus, or of a node that is only known to have so many.
struct DeclaredGpu {
    std::string id,
        model; ///< id: 32 hex characters, "GPU-" and dashes removed, or counted_gpu_id(); model empty: the node's
    bool verified = false, reserved = false;
};
/// The id of a GPU whose UUID nobody told: "{node}:{index}", the index as the driver counts. No UUID contains a colon.
std::string counted_gpu_id(std::string_view node, int index);
bool is_counted_gpu(std::string_view id) noexcept;

/// What a node says about itself beyond NodeView: labels and annotations that make it a server of ours.
struct NodeDeclaration {
    bool worker = false;                          ///< it has the label chutes/worker, with any value but "false"
    std::string validator, external_ip;           ///< labels chutes/validator, chutes/external-ip
    bool tee = false;                             ///< label chutes/tee
    std::optional<double> hourly_cost;            ///< annotation rigger.dev/hourly-cost; finite, > 0
    std::optional<bool> locked;                   ///< annotation rigger.dev/locked
    std::optional<std::vector<DeclaredGpu>> gpus; ///< annotation rigger.dev/gpus; nullopt: not declared
    int counted_gpus = 0; ///< without that annotation: nvidia.com/gpu, at most the label nvidia.com/gpu.count (devices,
                          ///< not shares of them)
    std::optional<int64_t> gpu_memory_mb; ///< label nvidia.com/gpu.memory
    std::vector<std::string> problems;    ///< declarations that could not be understood and were ignored
};
NodeDeclaration read_declaration(const NodeView &node);

/// Per-GPU shares of a node's CPUs and memory (GB), as chutes miners compute them. A node without GPUs counts as one
/// GPU.
int cpu_per_gpu(const NodeView &node) noexcept;
int memory_per_gpu(
    const NodeView &node,
    std::optional<int64_t> gpu_memory_mb) noexcept; ///< at least 1; not more than the GPU's own where that is known

} // namespace rigger
