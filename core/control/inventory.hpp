// core/control/inventory.hpp -- what clusters say: nodes become servers, pods and jobs tell how deployments fare.
#pragma once
#include "control/turn.hpp"

namespace rigger::inventory {

void on_object(Turn &turn, const ObjectPut &message);
void on_gone(Turn &turn, const ObjectGone &message);
void on_malformed(Turn &turn, const ObjectMalformed &message);
void on_mark(Turn &turn, const ClusterMark &message);
void attach(Turn &turn, const std::string &backend);
void detach(Turn &turn, const std::string &backend);
void on_watch_ended(Turn &turn, const WatchEnded &message);

/// The server as readers see it: with the disk that the pods on its node use, and without the GPUs that those of others
/// hold.
ServerPtr with_use(State &state, const ServerPtr &server);

/// Does anything still need the cluster: a server or a deployment on record, or a whole view of it? If not, its backend
/// is asked whether it has one of that name, and what is configured stays in sight although it cannot be reached.
void let_go_if_unused(Turn &turn, const ClusterName &cluster);
/// Takes it off the record for good reason: its backend has no cluster of that name, or is not loaded. If that is
/// wrong, its next word brings it back.
void drop_if_unused(Turn &turn, const ClusterName &cluster);

/// What stood in a node's way may be gone: deployments on the machine that had its name, or another name of its
/// cluster.
void reconsider_node(Turn &turn, const ClusterName &cluster, const std::string &name);
/// A server is off the record: its name and its GPU ids are free for others.
void reconsider_kept_out(Turn &turn);
/// A deployment is off the record: a pod of it that is still seen holds GPUs in nobody's name.
void disown(Turn &turn, const DeploymentId &deployment);

} // namespace rigger::inventory
