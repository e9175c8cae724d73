// core/host/frontend.hpp -- a running command frontend, as the command service sees it.
#pragma once
#include "domain/ports/commands.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace rigger::host {

/// Thread-safe; calls block, bounded by the frontend's budgets.
class Frontend {
public:
    virtual ~Frontend() = default;
    virtual const std::string &name() const = 0; ///< of the instance
    /// {"commands":[...]} as the plugin answered it: one JSON object within the limits, not looked into.
    virtual Result<std::string> catalogue() = 0;
    /// What the plugin does through rig.control/1 happens in the name of `principal`.
    virtual Result<std::string> invoke(const Principal &principal, const CallContext &, std::string_view command,
                                       std::string_view arguments,
                                       const std::function<void(std::string_view)> &progress) = 0;
    /// Counts a broken declaration or answer against the plugin.
    virtual void misbehaved(std::string_view reason, std::string_view what) = 0;
    /// Logs, with the plugin's name, that something which it declared is not served.
    virtual void not_served(std::string_view what) = 0;
};

} // namespace rigger::host
