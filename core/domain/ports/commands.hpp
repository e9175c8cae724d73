// core/domain/ports/commands.hpp -- commands (declared by frontends, served by CLI and HTTP) and the control API behind
// them.
#pragma once
#include "base/status.hpp"
#include "domain/ports/call.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rigger {

enum class Role : uint8_t { none, read, operate };

/// Who asks. Every call is authorised against it.
struct Principal {
    std::string name; ///< "unix:uid=1000", "token:ci", ...
    Role role = Role::none;
};

/// What a command may do at most; read needs Role::read, the others Role::operate.
enum class CommandEffect : uint8_t { read, write, destructive };

/// The running daemon as commands see it. Thread-safe.
class ControlApi {
public:
    virtual ~ControlApi() = default;
    /// A view of the latest snapshot as a JSON document; never waits for the control loop. Views and shapes:
    /// docs/plugins/documents.md.
    virtual Result<std::string> query(const Principal &, std::string_view view, std::string_view arguments) = 0;
    /// Blocks until the verb is decided and its intent is durable, or the deadline.
    virtual Result<std::string> act(const Principal &, const CallContext &, std::string_view verb,
                                    std::string_view arguments,
                                    const std::function<void(std::string_view)> &progress) = 0;
    /// A view that a cluster itself is asked for ("logs", "probe", "diagnosis"), in pieces as they come. Blocks until
    /// the end, the deadline or cancellation; a piece that is refused ends it with that error.
    virtual Status stream(const Principal &, const CallContext &, std::string_view view, std::string_view arguments,
                          const std::function<Status(std::string_view)> &pieces) = 0;
};

/// All frontends' commands together. Thread-safe.
class CommandService {
public:
    virtual ~CommandService() = default;
    /// {"commands":[...]} of all running frontends, sorted by name.
    virtual std::string catalogue() = 0;
    /// Validates the arguments against the declaration (unknown option, wrong type: invalid), fills defaults,
    /// authorises, runs.
    virtual Result<std::string> invoke(const Principal &, const CallContext &, std::string_view command,
                                       std::string_view arguments,
                                       const std::function<void(std::string_view)> &progress) = 0;
};

} // namespace rigger
