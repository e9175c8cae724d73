// core/domain/ports/log.hpp -- one line for the operator. Secrets never enter it.
#pragma once
#include <cstdint>
#include <string_view>

namespace rigger {

enum class LogLevel : uint8_t { debug, info, warn, error };

/// Thread-safe, never blocks for long, never fails.
class Log {
public:
    virtual ~Log() = default;
    /// `part` names the speaker: "control", "deployer", "source/catalog", ...
    virtual void write(LogLevel level, std::string_view part, std::string_view message) = 0;
};

} // namespace rigger
