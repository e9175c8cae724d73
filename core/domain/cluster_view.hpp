// core/domain/cluster_view.hpp -- the few fields of Kubernetes objects that decisions need, and how far they can be
// trusted.
#pragma once
#include "base/ids.hpp"
#include "base/time.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rigger {

struct NodeView {
    std::string name, uid, ip_address;
    bool ready = false;
    bool cordoned = false;           ///< spec.unschedulable: its owner wants nothing new on it
    std::string labels, annotations; ///< JSON object texts
    std::string gpu_model;           ///< label gpu-short-ref
    int gpu_capacity = 0;            ///< nvidia.com/gpu
    int cpu_milli = 0;
    int64_t memory_mib = 0;
    double disk_total_gb = 0;
};

struct PodView {
    std::string namespace_name, name, uid, node_name, phase, pod_ip;
    DeploymentId deployment; ///< label chutes/deployment-id
    std::string config_id;   ///< label chutes/config-id
    std::optional<WallTime> created_at, start_time;
    bool ready = false, terminating = false;
    int restart_count = 0;
    std::string reason, message; ///< of the first container's waiting or terminated state, else of the pod status
    std::optional<int> exit_code;
    double disk_request_gb = 0;
    int gpu_request = 0; ///< nvidia.com/gpu; ours name their GPUs instead and ask for none
};

struct JobView {
    std::string namespace_name, name, uid;
    DeploymentId deployment;
    int active = 0, succeeded = 0, failed = 0;
    std::optional<WallTime> created_at, start_time;
    bool terminating = false;
};

struct ServiceView {
    std::string namespace_name, name, uid;
    DeploymentId deployment;
    std::vector<int> node_ports; ///< in port order
};

/// What a controller or a node says is wrong with an object (an Event of type Warning).
struct Complaint {
    std::string reason, message;
    std::optional<WallTime> at; ///< last time it was said
};

/// How far a view of one kind in one place can be trusted.
struct Freshness {
    bool complete = false;   ///< a listing was delivered to its end and contact was not lost since
    MonoTime as_of;          ///< last listing, change or heartbeat
    uint64_t generation = 0; ///< counts completed listings and heartbeats: "two consecutive observations" compare it
    std::string error;       ///< why contact was lost; empty while complete
};

/// Why a view may not speak for or against anything.
enum class Doubt : uint8_t { none, incomplete, old };
inline Doubt doubt(const Freshness &view, MonoTime now, Duration max_age) noexcept {
    if (!view.complete) return Doubt::incomplete;
    return now - view.as_of > max_age ? Doubt::old : Doubt::none;
}

} // namespace rigger
