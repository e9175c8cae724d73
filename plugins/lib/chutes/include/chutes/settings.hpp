// chutes/settings.hpp -- what an installation decides about chute workloads; the defaults are those of the chutes
// miner.
#pragma once
#include <chutes/version.hpp>

#include <map>
#include <string>

namespace chutes {

struct Settings {
    std::string miner_hotkey;     ///< SS58, goes into the container's command
    std::string validator_hotkey; ///< used when the server names none

    /// Images come from `registry` when the server's TEE image is new enough to pull them itself or
    /// `registry_proxy_port` is 0, else (older, unknown or none) through the node's proxy
    /// "{validator, lower case}.localregistry.chutes.ai:{port}", which knows the registry's login.
    std::string registry = "registry.chutes.ai";
    int registry_proxy_port = 30500;
    Version direct_pull_since{1, 4, 0};

    std::string cache_root = "/var/snap/cache"; ///< on the node
    std::string cache_cleaner_image = "parachutes/cache-cleaner:latest";
    int cache_max_age_days = 7;
    int cache_max_size_gb = 500;
    std::map<std::string, int> cache_max_size_gb_by_node;

    std::string runtime_class = "nvidia"; ///< empty: none
    int run_as = 1000;                    ///< user and group; negative: no security context
    int termination_grace_seconds = 180;
    int job_ttl_seconds = 300;
    int shared_memory_gib = 16;
};

} // namespace chutes
