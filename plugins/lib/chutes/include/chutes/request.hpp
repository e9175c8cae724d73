// chutes/request.hpp -- the render request (docs/plugins/documents.md section 2) as values.
//
// A source that knows more than the document says (the version of a TEE image, say) parses, completes and then renders.
#pragma once
#include <chutes/version.hpp>
#include <rigger/sdk/status.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chutes {

struct Port {
    int number = 0;
    std::string protocol = "TCP"; ///< TCP or UDP
    bool operator==(const Port &) const = default;
};

/// One chute as its source published it. Fields beyond the common offer come from the offer's `workload`.
struct Chute {
    std::string id, version, image, runtime; ///< runtime: `chutesVersion`, else `version`
    std::string code, filename, ref_str;     ///< workload.code, workload.filename, workload.refStr
    std::vector<Port> job_ports;             ///< workload.jobs[].ports[], unique, in order
    int gpu_count = 1, gpu_milli = 1000;     ///< milli: of each; below 1000 a share of one
    double disk_gb = 10;
    bool tee = false;

    Version runtime_version() const noexcept { return Version::parse(runtime); }
    bool needs_code_config_map() const noexcept { return !tee && runtime_version() < since::fetches_own_code; }
};

struct Server {
    std::string id, name, ip_address, validator;
    int cpu_per_gpu = 1;
    int memory_per_gpu_gb = 1;
    std::string vm_version;           ///< of a TEE image; empty: none or unknown
    std::optional<std::int64_t> seed; ///< only the flow without a launch token needs it
};

struct Grant {
    std::string token, config_id; ///< token is a secret; empty: the flow without one
};

struct Request {
    std::string deployment_id, job_id, namespace_name;
    Chute chute;
    Server server;
    std::vector<std::string> gpu_ids;
    Grant grant;
    std::string applied = "[]"; ///< JSON array: the objects applied so far, as the cluster returned them

    /// 8000, 8001, (8002), then the extra ports of a job.
    std::vector<Port> ports() const;
    static constexpr int primary_port = 8000, logging_port = 8001, attestation_port = 8002;
};

/// INVALID with reason "RenderRequest" and the field's path when something required is missing or has the wrong type.
rig::Result<Request> parse_request(std::string_view document);

} // namespace chutes
