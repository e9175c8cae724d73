// config.hpp -- the instance's configuration. The host has checked it against kConfigSchema and filled in the defaults;
// what a schema cannot say is checked here.
#pragma once
#include "cluster.hpp"

#include <rigger/sdk/status.hpp>

#include <string>
#include <string_view>

namespace cluster_local {

struct Config {
    ClusterOptions cluster;
    std::string fleet; ///< file; empty: no servers
    double fleet_poll_seconds = 2;
    bool has_seed = false; ///< simulation.seed was given: ids repeat too
};

rig::Result<Config> parse_config(std::string_view json);

} // namespace cluster_local
