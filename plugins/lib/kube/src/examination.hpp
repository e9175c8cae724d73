// examination.hpp -- what an operator should know when one cluster does not work.
#pragma once
#include "kube/fleet.hpp"

#include <rigger/sdk/json.hpp>

namespace kube {

/// One line of a diagnosis. `ok`: true, false, or null when it could not be checked; the remedy is left out of what is
/// ok.
nlohmann::json check(std::string name, nlohmann::json ok, std::string detail, std::string remedy);

/// The lines in the order of what rests on what: reachability, TLS, credentials, client
/// certificate, readiness, version, namespace, each permission,
/// the runtime class ("": not looked for), nodes, GPU labels, GPUs, storage. Asks and changes nothing; what cannot be
/// asked any more is unknown.
nlohmann::json examine(Client &client, const Effort &effort, const FleetSettings &settings);

} // namespace kube
