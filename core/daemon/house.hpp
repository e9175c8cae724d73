// core/daemon/house.hpp -- the composition root: builds every part from the configuration, in order, and takes it down
// again.
#pragma once
#include "base/status.hpp"
#include "daemon/config/config.hpp"

#include <filesystem>
#include <memory>

namespace spdlog {
class logger;
}

namespace rigger::daemon {

/// The running daemon. One member at a time.
class House {
public:
    /// Starts everything; an error says which part could not, and nothing is left running.
    static Result<std::unique_ptr<House>> open(const std::filesystem::path &config_path, Config config,
                                               std::shared_ptr<spdlog::logger> logger);
    ~House();

    /// Reads the configuration again and applies what can change while running; plugins are looked at again. What needs
    /// a restart is logged and left as it is. An error says what was applied all the same: of a bad configuration
    /// nothing, and all of a good one although the plugins could not be looked at.
    Status reload();
    /// Stops within 10 s. Idempotent.
    void stop();
    /// 75 when the plugin host asked for a restart, else 0.
    int exit_code() const;

private:
    struct Parts;
    explicit House(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

} // namespace rigger::daemon
