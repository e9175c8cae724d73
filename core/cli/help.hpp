// core/cli/help.hpp -- help pages, from the same declarations as everything else.
#pragma once
#include "cli/command_line.hpp"

namespace rigger::cli {

/// The tool's own commands: plugins, completion, version, help.
std::vector<CommandDeclaration> own_commands(Language language);

/// `prefix`: "rigger" or "rigger plugins". `note`: shown at the end, such as why the daemon's commands are missing; may
/// be empty.
std::string help_overview(const std::vector<CommandDeclaration> &commands, const std::string &prefix,
                          const std::string &note, Language language, size_t width);
std::string help_command(const CommandDeclaration &command, const std::string &prefix, Language language, size_t width);

} // namespace rigger::cli
