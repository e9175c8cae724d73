// core/cli/plugins/install.hpp -- from a directory or a library to an installed package, in one step or not at all.
#pragma once
#include "cli/plugins/context.hpp"

namespace rigger::cli {

/// Checks, copies and renames into <first plugin directory>/<id>/. Runs no code of the plugin in this process; a
/// library without a manifest is looked at by rigger-plugin-probe in a child. Answers a record: id, version, kinds,
/// directory, digest, replaced, next. Errors: refusals of host/package.hpp; not_found, denied, unavailable for the file
/// system.
Result<std::string> install_plugin(PluginContext &context, const std::string &from, bool dry_run);

} // namespace rigger::cli
