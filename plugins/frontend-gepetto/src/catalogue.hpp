// frontend-gepetto/src/catalogue.hpp -- what the commands are called, what they take and what they answer, in English
// and Chinese.
//
// One JSON object per command, in the shape of docs/plugins/documents.md section 5. The CLI, the REST API, the OpenAPI
// document and shell completion all come from these declarations.
#pragma once
#include <string>

namespace gepetto {

extern const char *const kFleetCommands;      ///< nodes, pods, servers, gpus
extern const char *const kMarketCommands;     ///< chutes, scales, plan, why-not
extern const char *const kDeploymentCommands; ///< insts, deployments, deploy, undeploy, recycle
extern const char *const kCareCommands;       ///< status, events, failures, ban, unban, lock, unlock, forget, sync

/// {"commands":[...]}
std::string catalogue();

} // namespace gepetto
