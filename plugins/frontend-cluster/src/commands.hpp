// frontend-cluster: the commands, one function each; arguments in, result document out.
#pragma once
#include <rigger/sdk/host.hpp>

#include <string>
#include <string_view>

namespace cluster_commands {

std::string catalogue();

/// The daemon's view of the clusters, joined by name with what their probes say.
rig::Result<std::string> clusters(const rig::Control &control, rig::Call call);

/// {"well","items":[{"cluster","check","state":"ok"|"failed"|"unknown","detail","remedy"}]}; well: every check is ok.
rig::Result<std::string> doctor(const rig::Control &control, rig::Call call, std::string_view arguments);

/// {"text"}; with "follow" the lines go to `progress` as {"text"} documents instead, until the log ends.
rig::Result<std::string> logs(const rig::Control &control, rig::Call call, std::string_view arguments,
                              rig::Sink progress);

} // namespace cluster_commands
