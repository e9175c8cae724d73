#include "kube/answer.hpp"

#include <rigger/sdk/json.hpp>

#include <algorithm>

namespace kube {
namespace {
using Json = nlohmann::json;

constexpr int most_depth = 16;

/// A refusal to read an object quotes the bytes around the place, which may hold a launch token.
std::string without_quotes(std::string message) {
    for (const char *quote : {", error found in #", "bigger context"})
        if (const size_t at = message.find(quote); at != std::string::npos) message.resize(at);
    return message;
}

/// The checks that fail, as /readyz lists them line by line: "etcd".
std::string failing(std::string_view body) {
    std::string names;
    for (size_t at = body.find("[-]"); at != std::string_view::npos; at = body.find("[-]", at + 3)) {
        const std::string_view line = body.substr(at + 3, body.find('\n', at) - at - 3);
        names.append(names.empty() ? "" : ", ").append(line.substr(0, std::min<size_t>(line.find(' '), 100)));
    }
    return names.substr(0, 1000);
}

/// The Status object, or null.
Json status_of(std::string_view body) {
    const auto shallow = [](int depth, Json::parse_event_t, Json &) { return depth <= most_depth; };
    Json status = Json::parse(body.begin(), body.end(), shallow, false);
    return status.is_object() && status.value("kind", Json()) == "Status" ? status : Json();
}
std::string text(const Json &from, const char *key) { return rig::json::get(from, key, ""); }

rig_code code_of(int http_status, bool names_object) {
    switch (http_status) {
    case 400:
    case 406:
    case 411:
    case 413:
    case 414:
    case 415:
    case 422: return RIG_E_INVALID;
    case 403: return RIG_E_DENIED;
    case 404: return names_object ? RIG_E_NOT_FOUND : RIG_E_UNSUPPORTED;
    case 405:
    case 501: return RIG_E_UNSUPPORTED;
    case 409: return RIG_E_CONFLICT;
    default: return RIG_E_UNAVAILABLE;
    }
}
const char *reason_of(int http_status) {
    switch (http_status) {
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "NoSuchResource";
    case 409: return "Conflict";
    case 410: return "Expired";
    case 429: return "TooManyRequests";
    default: return http_status >= 500 ? "ServerError" : "Refused";
    }
}
} // namespace

rig::Error refusal(int http_status, std::string_view body, uint32_t retry_after_ms, std::string_view doing) {
    const Json status = status_of(body);
    const Json details = status.is_object() ? status.value("details", Json()) : Json();
    const bool names_object = text(status, "reason") == "NotFound" && !text(details, "name").empty();
    rig::Error e{code_of(http_status, names_object), text(status, "reason"), std::string(doing) + ": ", retry_after_ms};
    if (e.reason.empty() || (http_status == 404 && !names_object)) e.reason = reason_of(http_status);
    if (http_status == 410) e.reason = "Expired";
    const std::string message = without_quotes(text(status, "message"));
    const std::string failed = http_status >= 500 && status.is_null() ? failing(body) : std::string();
    e.message += !message.empty()  ? message
                 : !failed.empty() ? "the API server cannot serve; what fails there: " + failed
                                   : "the API server answered HTTP " + std::to_string(http_status);
    if (http_status == 401) e.message += "; check the kubeconfig's credentials";
    if (details.is_object() && details.contains("retryAfterSeconds") &&
        details["retryAfterSeconds"].is_number_unsigned() && e.retry_after_ms == 0)
        e.retry_after_ms =
            static_cast<uint32_t>(std::min<uint64_t>(details["retryAfterSeconds"].get<uint64_t>(), 3600) * 1000);
    return e;
}

bool is_expired(const rig::Error &e) { return e.code == RIG_E_UNAVAILABLE && e.reason == "Expired"; }

} // namespace kube
