// core/cli/plugins/look.hpp -- list, inspect, verify, doctor, config: they change nothing and run no code of a plugin.
#pragma once
#include "cli/plugins/context.hpp"

namespace rigger::cli {

/// Result documents, in the shapes of plugin_commands().
Result<std::string> list_plugins(PluginContext &context, const std::string &kind, bool all);
Result<std::string> inspect_plugin(PluginContext &context, const std::string &what);
/// `refused`: how many packages did not pass.
Result<std::string> verify_plugins(PluginContext &context, const std::string &what, size_t &refused);
Result<std::string> doctor(PluginContext &context, size_t &problems);
/// Its answer for a reader: a paragraph for each problem.
std::string doctor_text(const std::string &document, const PluginContext &context);
Result<std::string> show_config(PluginContext &context, const std::string &name);

/// An installed package by id, or a directory. Errors: not_found UnknownPlugin.
Result<std::filesystem::path> find_package_directory(PluginContext &context, const std::string &what);

} // namespace rigger::cli
