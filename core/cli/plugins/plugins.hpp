// core/cli/plugins/plugins.hpp -- `rigger plugins ...`: works on the plugin directories, and through the daemon where
// one runs.
#pragma once
#include "cli/command_line.hpp"
#include "cli/io.hpp"

namespace rigger::cli {

/// `words` are what followed `plugins`. Returns the exit code.
int run_plugins(const Words &words, const Words &before, Language language, Io &io);

} // namespace rigger::cli
