// chutes/objects.hpp -- the three Kubernetes objects that realise a chute, as JSON text. Pure. [any]
#pragma once
#include <chutes/request.hpp>
#include <chutes/settings.hpp>

#include <string>
#include <vector>

namespace chutes {

/// The label that says "rigger made this".
inline constexpr const char *managed_by_label = "app.kubernetes.io/managed-by";
inline constexpr const char *managed_by = "rigger";

/// NodePort Service; the API server chooses the node ports.
std::string service_object(const Request &request);

/// The chute's source file. Shared by every deployment of (chute, version), hence without `chutes/deployment-id`: it
/// does not end with one of them. INVALID without code or file name.
rig::Result<std::string> code_config_map_object(const Request &request);

/// `node_ports` in the order of request.ports(). INVALID without GPUs, or without both a token and a seed.
rig::Result<std::string> job_object(const Settings &settings, const Request &request,
                                    const std::vector<int> &node_ports);

/// `{registry}/{image}`, the registry as Settings says.
std::string image_reference(const Settings &settings, const Request &request);

} // namespace chutes
