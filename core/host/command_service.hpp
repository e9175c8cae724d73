// core/host/command_service.hpp -- the commands of all running frontends behind one door: the CLI and HTTP call this.
//
// Thread-safe. Holds no lock while a plugin runs. Follows Registry::live() by itself.
#pragma once
#include "domain/ports/commands.hpp"
#include "host/registry.hpp"

#include <memory>
#include <string>
#include <vector>

namespace rigger::host {

/// A command that is not served, and why (a name that another frontend declared first, a declaration that is not
/// valid).
struct RefusedCommand {
    std::string command, instance;
    Error why;
};

class PluginCommands final : public CommandService {
public:
    /// Both must outlive it.
    PluginCommands(const Registry &registry, const Clock &clock);
    ~PluginCommands() override;

    std::string catalogue() override;
    /// Errors beside the plugin's own: not_found UnknownCommand; invalid UnknownOption, InvalidArguments (the message
    /// names option and remedy), denied RoleTooLow; unavailable BreakerOpen, NotRunning; deadline.
    Result<std::string> invoke(const Principal &, const CallContext &, std::string_view command,
                               std::string_view arguments,
                               const std::function<void(std::string_view)> &progress) override;
    std::vector<RefusedCommand> refused();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace rigger::host
