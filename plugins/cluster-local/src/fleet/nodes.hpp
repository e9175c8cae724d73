// fleet/nodes.hpp -- turns the fleet into Node objects, which the control loop reads as inventory.
#pragma once
#include "fleet/fleet.hpp"
#include "server/api_server.hpp"

namespace cluster_local {

/// Creates, updates and deletes Node objects until they are the fleet's; nodes that no fleet made are left alone.
rig::Status sync_nodes(ApiServer &, const Fleet &);

} // namespace cluster_local
