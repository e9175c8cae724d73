// api/pod_spec.hpp -- rules of the pod spec, shared by Pods and by the templates of workload kinds.
#pragma once
#include "api/errors.hpp"
#include "api/quantity.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace cluster_local {

using Json = nlohmann::json;

void default_pod_spec(Json &spec);
/// `prefix`: where the spec stands, such as "spec." or "spec.template.spec.".
void check_pod_spec(const Json &spec, const std::string &prefix, Problems &);
/// Requests of all containers, or of the largest init container where that is more.
Resources pod_requests(const Json &spec);

} // namespace cluster_local
