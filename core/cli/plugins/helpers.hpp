// core/cli/plugins/helpers.hpp -- programs that come with the SDK: the conformance kit, and the writer of new plugins.
#pragma once
#include "cli/plugins/context.hpp"

namespace rigger::cli {

/// Runs the program with our own streams and waits. The answer is its exit code; 128 + signal when it was killed.
/// Errors: not_found HelperMissing; unavailable.
Result<int> run_helper(PluginContext &context, const std::string &name, const Words &arguments);

/// `what`: a library, or a directory that holds a plugin. Errors: not_found.
Result<std::string> library_in(const std::string &what);

} // namespace rigger::cli
