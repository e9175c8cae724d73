// core/domain/server.hpp -- machines that we own, and their GPUs. Column-compatible with the tables `servers` and
// `gpus`.
#pragma once
#include "base/ids.hpp"
#include "base/time.hpp"

#include <memory>
#include <string>
#include <vector>

namespace rigger {

struct Gpu {
    GpuId id;
    ServerId server;
    std::string model;       ///< short ref, e.g. "h100_sxm"
    std::string device_info; ///< JSON object text
    bool verified = false;   ///< only verified GPUs are schedulable
    bool reserved = false;   ///< kept out of placement by the operator
    bool set_aside = false;  ///< stands for one that is in use under no name
    DeploymentId
        deployment; ///< empty: free. The one allocation record; of a card that is shared: one of the deployments on it
    bool free() const noexcept { return verified && !reserved && !set_aside && deployment.empty(); }
};

struct Server {
    ServerId id;
    std::string name; ///< Kubernetes node name
    ClusterName cluster;
    std::string validator; ///< the hotkey or source name it is pledged to; empty: any
    std::string ip_address;
    double hourly_cost = 0; ///< USD per GPU per hour; 0: nobody said. Below cost_floor it counts as that in scores
    bool locked = false;    ///< no scale up, no preemption, no scale down here
    bool tee = false;
    bool ready = false;    ///< the node's Ready condition, as last seen, unless it is cordoned
    bool cordoned = false; ///< kubectl cordon: nothing new
    int cpu_per_gpu = 1;
    int memory_per_gpu = 1;                     ///< GB
    double disk_total_gb = 0, disk_used_gb = 0; ///< from the node's capacity and the pods' requests; 0 total: unknown
    std::string labels;                         ///< JSON object text, as last seen
    WallTime created_at;
    std::vector<Gpu> gpus;                     ///< sorted by id
    int gpus_of_others = 0;                    ///< that pods of others on the node ask for
    double disk_available_gb() const noexcept; ///< max(0, total - used - 20)
    /// Deployments hold GPUs by number from before these had names: nobody can say which of the named ones they hold.
    bool held_by_number() const noexcept;
    /// Sets aside all that is held_by_number(), or else as many GPUs as pods of others hold. Which ones these are no
    /// API tells: what the operator reserved is theirs first, then the last ones that no deployment has stand for the
    /// rest.
    void set_gpus_aside() noexcept;
};
using ServerPtr = std::shared_ptr<const Server>;

} // namespace rigger
