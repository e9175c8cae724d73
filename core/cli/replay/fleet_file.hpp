// core/cli/replay/fleet_file.hpp -- the servers of a backtest: the file that describes an embedded cluster's fleet
// (etc/fleet.yaml).
#pragma once
#include "base/status.hpp"
#include "domain/snapshot.hpp"

#include <string>
#include <vector>

namespace rigger::cli::replay {

struct ReplayFleet {
    std::vector<ServerPtr> servers; ///< by name, empty and ready
    ClusterState cluster;           ///< their nodes, seen to the end
};

/// Reads name, model, count, hourly_cost, verified, reserved, locked, tee, validator, cpu, memory_gb and disk_gb with
/// the same defaults, but for memory, which is not compared where it is not stated. Errors name file and line:
/// "FleetUnreadable", "FleetSyntax", "FleetInvalid".
Result<ReplayFleet> read_fleet(const std::string &file);

} // namespace rigger::cli::replay
