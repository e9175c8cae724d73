#include "cli/exit_codes.hpp"

#include <string_view>

namespace rigger::cli {

Exit exit_code(const Error &error) noexcept {
    const std::string_view reason = error.reason;
    if (reason.substr(0, 9) == "Ambiguous") return exit_not_found;
    if (reason == "Unreachable" || reason == "ConnectionLost") return exit_unreachable;
    if (reason == "Infeasible") return exit_held_back;
    switch (error.code) {
    case Code::ok: return exit_ok;
    case Code::invalid: return exit_usage;
    case Code::not_found: return exit_not_found;
    case Code::conflict: return exit_held_back;
    case Code::unavailable:
    case Code::cancelled:
    case Code::exhausted: return exit_later;
    case Code::deadline: return exit_timeout;
    case Code::denied: return exit_denied;
    case Code::unsupported:
    case Code::internal: break;
    }
    return exit_failed;
}

} // namespace rigger::cli
