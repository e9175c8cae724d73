// core/daemon/plugin_updates.hpp -- tells the control loop which plugins came and went.
#pragma once
#include "control/runtime.hpp"
#include "host/registry.hpp"

#include <mutex>
#include <string>
#include <vector>

namespace rigger::daemon {

/// Of each value scorer that counts for nothing because another one comes before it: what to do about it.
std::vector<std::string> idle_value_scorers(const host::LivePorts &ports);

/// Compares successive sets of live ports and passes the difference on. Thread-safe.
class PluginUpdates {
public:
    explicit PluginUpdates(ControlRuntime &control) : control_(control) {}
    /// The ports that the control loop starts with. apply() does nothing before.
    ControlPlugins begin(host::LivePortsPtr ports);
    /// Error: the scorers were refused (a column that does not exist); the earlier ones go on.
    Status apply(host::LivePortsPtr ports);

private:
    ControlRuntime &control_;
    std::mutex mutex_;
    host::LivePortsPtr known_; ///< null until begin()
};

} // namespace rigger::daemon
