// core/cli/cluster_rbac.hpp -- `rigger cluster rbac`: the least that rigger needs to be allowed in a Kubernetes
// cluster. Works without a daemon, since it comes first.
#pragma once
#include "cli/declarations.hpp"

namespace rigger::cli {

CommandDeclaration cluster_rbac_command(Language language);

/// The manifest as kubectl applies it: docs/operators/kubernetes-rbac.yaml with other names. `arguments`: a JSON object
/// with namespace? and serviceAccount?. Errors: invalid (OptionValue): not a name that Kubernetes takes.
Result<std::string> cluster_rbac(std::string_view arguments);

/// The same as one JSON object of kind List.
std::string manifest_as_json(const std::string &manifest);

} // namespace rigger::cli
