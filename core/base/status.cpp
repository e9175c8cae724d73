#include "base/status.hpp"

namespace rigger {

std::string_view code_name(Code code) noexcept {
    switch (code) {
    case Code::ok: return "ok";
    case Code::invalid: return "invalid";
    case Code::not_found: return "not_found";
    case Code::conflict: return "conflict";
    case Code::unavailable: return "unavailable";
    case Code::deadline: return "deadline";
    case Code::cancelled: return "cancelled";
    case Code::denied: return "denied";
    case Code::unsupported: return "unsupported";
    case Code::exhausted: return "exhausted";
    case Code::internal: return "internal";
    }
    return "unknown";
}

Error Error::within(std::string_view context) const {
    Error e = *this;
    e.message = std::string(context) + ": " + message;
    return e;
}

} // namespace rigger
