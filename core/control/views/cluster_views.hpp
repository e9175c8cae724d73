// core/control/views/cluster_views.hpp -- views of clusters: one of the snapshot, and those for which a cluster itself
// is asked. The latter block.
#pragma once
#include "control/perform.hpp"
#include "control/views/views.hpp"

#include <functional>

namespace rigger::views {

/// Takes one piece of a streamed view; an error ends the stream with it.
using Pieces = std::function<Status(std::string_view)>;

/// Per cluster: counts, whether the views of it are complete, and how old the oldest of them is. Backends without a
/// known cluster have a row, too.
std::string clusters(const Scene &scene);

/// The log of a deployment's pod, as its bytes come. not_found UnknownDeployment, NoPod, UnknownPod; what the backend
/// says otherwise.
Status logs(const Snapshot &snapshot, const PortTable &ports, const CallContext &call, const Arguments &arguments,
            const Pieces &out);

/// {"clusters":[{"name":"backend/cluster","state","version","error"}]}: what the backends' probes answer now.
Status probe(const PortTable &ports, const CallContext &call, const Pieces &out);

/// {"clusters":[{"name":"backend/cluster","checks":[{"check","ok":true|false|null,"detail","remedy"}]}]}: what the
/// backends find when they examine their clusters: all, or that of arguments.cluster ("backend/cluster", or the
/// cluster's own name), and what the loop found. A backend that cannot examine is one check with ok null. not_found
/// UnknownCluster.
Status diagnosis(const LoopStatus &status, const PortTable &ports, const CallContext &call, const Arguments &arguments,
                 const Pieces &out);

} // namespace rigger::views
