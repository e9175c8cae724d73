// chutes/render.hpp -- render() of a validator source whose workloads are chutes.
//
//   round 1  nothing applied           -> Service (and the code ConfigMap where the runtime needs one), done: false
//   round 2  the Service, with ports   -> Job, done: true
//   later    the Job is applied        -> nothing, done: true
// Pure: the same request gives the same answer. [any]
#pragma once
#include <chutes/request.hpp>
#include <chutes/settings.hpp>

#include <string>

namespace chutes {

/// {"objects":[...],"done":bool}. UNAVAILABLE (reason "NodePortsMissing") when the applied Service has no node ports
/// yet.
rig::Result<std::string> render(const Settings &settings, const Request &request);

} // namespace chutes
