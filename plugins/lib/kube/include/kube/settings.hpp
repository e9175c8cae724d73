// kube/settings.hpp -- the part of a plugin's configuration that both topologies share.
#pragma once
#include "kube/fleet.hpp"

/// Members of the schema's "properties".
#define KUBE_SETTINGS_SCHEMA                                                                                                                                                         \
    R"("namespace":{"type":"string","minLength":1,"maxLength":63,"default":"chutes","description":"Where workloads live."},)"                                                        \
    R"("runtimeClass":{"type":"string","maxLength":253,"default":"nvidia","description":"The runtime class of the workloads, which the diagnosis looks for; empty: it does not."},)" \
    R"("requestsPerSecond":{"type":"number","minimum":1,"maximum":1000,"default":50,"description":"Requests per second to one API server, all calls together."},)"                   \
    R"("burst":{"type":"number","minimum":1,"maximum":10000,"default":100,"description":"Requests that may be made at once after a pause."},)"                                       \
    R"("requestTimeoutSeconds":{"type":"number","minimum":1,"maximum":300,"default":30,"description":"One request, watches aside."})"

namespace kube {
FleetSettings read_settings(std::string_view config);
std::string config_text(std::string_view config, const char *key); ///< "" where it is missing
bool config_flag(std::string_view config, const char *key);
} // namespace kube
