// core/cli/plugins/declarations.hpp -- what `rigger plugins ...` can do. Declared like the daemon's commands, so that
// the command line, help, completion and rendering are the same.
#pragma once
#include "cli/declarations.hpp"

namespace rigger::cli {

std::vector<CommandDeclaration> plugin_commands(Language language);

} // namespace rigger::cli
