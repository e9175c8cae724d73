// core/control/nodes.hpp -- nodes become servers; no server goes because its node does.
#pragma once
#include "control/turn.hpp"

namespace rigger::nodes {

/// A node as its cluster shows it now: a new server, a change of one, or what is ignored with a reason.
void on_node(Turn &turn, const ClusterName &cluster, const NodeView &node);

/// The node is taken in, or gone: nothing is said of it any more.
void forget_kept_out(Turn &turn, const ClusterName &cluster, const std::string &node);

/// Its server stays, as every server does that is not seen, but takes nothing new.
void shut(Turn &turn, const ClusterName &cluster, const NodeView &node, const char *why);

/// An idle GPU node costs money: whoever forgot its label hears of it, once.
void tell_of_unlabelled(Turn &turn, const ClusterName &cluster, const NodeView *old, const NodeView &now);

} // namespace rigger::nodes
