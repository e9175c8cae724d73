// core/domain/deployment.hpp -- our decision to run one copy of an offer on one server, with its whole life.
#pragma once
#include "base/ids.hpp"
#include "base/status.hpp"
#include "base/time.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rigger {

/// planned -> claimed -> created -> registered -> verified -> active; from any of them -> terminating -> gone.
/// `failed` is gone with a cause.
enum class Phase : uint8_t { planned, claimed, created, registered, verified, active, terminating, gone };
std::string_view phase_name(Phase phase) noexcept;
std::optional<Phase> parse_phase(std::string_view name) noexcept;

struct Deployment {
    DeploymentId id;
    InstanceId instance;
    SourceName source;
    std::string validator;
    OfferId offer;
    std::string offer_name;
    ServerId server;
    ClusterName cluster;
    std::string node_name, namespace_name;
    std::string version;
    std::string config_id; ///< launch-config id; label chutes/config-id
    std::string host;
    int port = 0;       ///< first NodePort
    std::string job_id; ///< job workload: never preempted or scaled
    bool preemptible = true;
    Phase phase = Phase::planned;
    std::vector<GpuId> gpus;
    int gpu_milli = 1000; ///< of each of them; below 1000: a share of the one card, beside others
    WallTime created_at, phase_since;
    std::optional<WallTime> verified_at, activated_at, terminating_since;
    std::string end_cause;      ///< machine token, set when terminating begins: "OperatorRequest", "JobFailed", ...
    std::string end_reason;     ///< a sentence
    bool operator_wish = false; ///< ended by an operator: never marks a failure
    bool shares_gpu() const noexcept { return gpu_milli < 1000; }
    bool live() const noexcept { return phase != Phase::terminating && phase != Phase::gone; }
    /// Column `stub` of the table: true until Service and Job exist.
    bool stub() const noexcept { return phase == Phase::planned || phase == Phase::claimed; }
};
using DeploymentPtr = std::shared_ptr<const Deployment>;

} // namespace rigger
