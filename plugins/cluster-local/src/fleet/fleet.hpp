// fleet/fleet.hpp -- the operator's list of servers. Strict: what is not understood is refused with "<file>:<line>:
// <what>. <what to do>".
#pragma once
#include <rigger/sdk/status.hpp>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace cluster_local {

struct FleetServer {
    std::string id, name, address, model, validator;
    int count = 1;
    std::set<int> unverified, reserved; ///< indexes of GPUs
    double hourly_cost = 0;             ///< USD per GPU
    bool locked = false, tee = false;
    int64_t cpu = 0, memory_gb = 0, disk_gb = 0, gpu_memory_mb = 0;
    std::map<std::string, std::string> labels;
};

struct Fleet {
    std::vector<FleetServer> servers;
};

/// `file` is used in messages only. INVALID: anything wrong. Limits: 4 MiB, 10,000 servers, no anchors and no aliases.
rig::Result<Fleet> parse_fleet(std::string_view text, std::string_view file);
/// UNAVAILABLE: the file cannot be read.
rig::Result<Fleet> read_fleet(const std::string &file);

/// 32 hex digits, a function of the server's id and the GPU's index alone.
std::string gpu_id(std::string_view server_id, int index);
/// The id itself where it is a UUID, else a UUID derived from it.
std::string server_uid(std::string_view server_id);

} // namespace cluster_local
