// core/control/same_cluster.hpp -- one cluster under two names: two kubeconfig contexts that reach one API server, or a
// context that was renamed. A node's UID tells: no two clusters give the same.
//
// The name that is on record stands as long as its backend knows it: nodes that come under another name are refused,
// which status and doctor show. It moves, with its deployments, once the node is certainly not there any more: the
// backend knows no cluster of that name, or for a while it is not loaded (its instance has another name in the
// configuration now, or the cluster was given to another one), or that cluster's complete view lacks the node (two
// contexts changed names). Moving is safe even if the first comes back: it is the same node, and then that one is the
// second name.
#pragma once
#include "control/turn.hpp"

namespace rigger::same_cluster {

/// The node is `server`, which is on record in another cluster. Answer: it is now of this one.
bool claim(Turn &turn, const ClusterName &cluster, const NodeView &node, const Server &server);

/// A cluster's nodes were listed or heard of, or one went: what was refused because of it is looked at again.
void reconsider(Turn &turn, const ClusterName &cluster);

/// Its node is seen in another cluster and not in its own: what its own does not show says nothing.
bool is_elsewhere(const State &state, const Deployment &deployment);

/// What a backend says of a cluster's name; an error says nothing.
void on_recognized(Turn &turn, const EffectDone &done);

/// What is refused now, for operators.
std::vector<SameCluster> standing(const State &state);

} // namespace rigger::same_cluster
