// core/daemon/logging.hpp -- where log lines go: standard error, as text or as one JSON object per line.
#pragma once
#include "domain/ports/log.hpp"

#include <memory>
#include <string>

namespace spdlog {
class logger;
}

namespace rigger::daemon {

/// format: "text" or "json"; level: trace, debug, info, warn, error. Both were checked by the configuration.
std::shared_ptr<spdlog::logger> make_logger(const std::string &level, const std::string &format);
void set_level(spdlog::logger &logger, const std::string &level);

/// The control loop's log over the same logger: "part: message".
std::unique_ptr<Log> make_log(std::shared_ptr<spdlog::logger> logger);

} // namespace rigger::daemon
