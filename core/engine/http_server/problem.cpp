#include "engine/http_server/problem.hpp"

#include <nlohmann/json.hpp>

namespace rigger::http_server {

int http_status(Code code) noexcept {
    switch (code) {
    case Code::ok: return 200;
    case Code::invalid: return 400;
    case Code::not_found: return 404;
    case Code::conflict: return 409;
    case Code::unavailable: return 503;
    case Code::deadline: return 504;
    case Code::cancelled: return 503;
    case Code::denied: return 403;
    case Code::unsupported: return 501;
    case Code::exhausted: return 429;
    case Code::internal: break;
    }
    return 500;
}

std::string_view status_text(int status) noexcept {
    switch (status) {
    case 200: return "OK";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "Error";
    }
}

std::string problem_document(const Error &error, int status) {
    const nlohmann::ordered_json document{{"status", status},
                                          {"title", status_text(status)},
                                          {"error",
                                           {{"code", code_name(error.code)},
                                            {"reason", error.reason},
                                            {"message", error.message},
                                            {"retryAfterMs", error.retry_after_ms}}}};
    return document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

Error public_error(const Error &error, std::string_view request) {
    if (error.code != Code::internal) return error;
    return {
        Code::internal, error.reason.empty() ? "Internal" : error.reason,
        "the daemon, or the plugin that serves this, failed to answer because of a fault of its own; the log has the "
        "details at request " +
            std::string(request) + ", and `rigger plugins list` shows a plugin that failed",
        error.retry_after_ms};
}

} // namespace rigger::http_server
