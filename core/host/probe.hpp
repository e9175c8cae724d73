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

/// Makes an instance of `component` in the child, with `config` as fit_config() answered it, and asks it what would
/// keep it from working (rig.health/1). Ok as well where it offers no such answer. Errors: invalid, its own word;
/// unavailable, it could not be asked.
Status ask_instance(const std::filesystem::path &probe, const std::filesystem::path &library,
                    const std::string &component, std::string_view config, Duration limit);

} // namespace rigger::host
