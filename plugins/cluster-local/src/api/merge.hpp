// api/merge.hpp -- server-side apply for one field manager, without per-field ownership records: a three-way merge of
// what the manager applied last, what it applies now, and the live object. Fields it no longer names go; fields of
// others stay.
#pragma once
#include <nlohmann/json_fwd.hpp>

namespace cluster_local {

using Json = nlohmann::json;

/// Lists that Kubernetes declares as maps (containers, env, volumes, ports, conditions, owner references...) merge by
/// key, finalizers as a set, every other list is replaced as a whole.
void apply_merge(Json &live, const Json &before, const Json &now);

} // namespace cluster_local
