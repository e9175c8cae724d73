// core/cli/plugins/enable.hpp -- which plugins the daemon loads: links in plugins-enabled/ to files of
// plugins-available/.
#pragma once
#include "cli/plugins/context.hpp"

namespace rigger::cli {

struct EnableOrder {
    std::string what;             ///< id of a plugin, or name of a file in plugins-available
    std::string as;               ///< name of the instance; empty: by the id
    std::string component;        ///< empty: what the settings say, else the plugin's first
    std::optional<int64_t> order; ///< start order; default: 50, or what the link has
    bool yes = false;
};

/// Shows what the plugin may do and asks; makes file and link; tells a running daemon. `loaded` is false when the
/// daemon refused it. Errors: refusals; not_found UnknownPlugin; conflict NameTaken; denied NotConfirmed and for the
/// file system.
Result<std::string> enable_plugin(PluginContext &context, const EnableOrder &order, bool &loaded);
Result<std::string> disable_plugin(PluginContext &context, const std::string &name);

} // namespace rigger::cli
