// core/host/probe.hpp -- loads a library in a throw-away child process the first time its digest is seen, and remembers
// the outcome.
//
// The child is rigger-plugin-probe. A crash, a hang or an unusable descriptor refuses the library without touching this
// process. Outcomes are kept beside the cached library (<digest>.probe) for this ABI version; a hang is not kept, since
// a busy machine can cause it.
#pragma once
#include "base/status.hpp"
#include "base/time.hpp"
#include "host/package.hpp"

#include <filesystem>

namespace rigger::host {

/// Errors: reason "ProbeCrashed", "ProbeHung", "ProbeFailed" (the helper could not run: unavailable), or the
/// descriptor's own.
Result<ProbeFacts> probe_library(const std::filesystem::path &probe, const std::filesystem::path &library,
                                 Duration limit);

} // namespace rigger::host
