#include "engine/http_server/service.hpp"

#include "engine/http_server/arguments.hpp"
#include "engine/http_server/problem.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace rigger::http_server {
namespace {

using Segments = std::vector<std::string>;

struct OwnRoute {
    std::string_view method, path;
    Route route;
    Role needs;
};
constexpr std::array<OwnRoute, 8> kOwnRoutes{{
    {"GET", "/healthz", Route::health, Role::none},
    {"GET", "/readyz", Route::ready, Role::none},
    {"GET", "/metrics", Route::metrics, Role::read},
    {"GET", "/openapi.json", Route::openapi, Role::read},
    {"GET", "/v1/commands", Route::commands, Role::read},
    {"GET", "/v1/plugins", Route::plugins, Role::read},
    {"POST", "/v1/plugins/reload", Route::plugins_reload, Role::operate},
    {"POST", "/v1/plugins/{name}/reset", Route::plugins_reset, Role::operate},
}};

Segments split(std::string_view path) {
    Segments out;
    path.remove_prefix(1);
    while (true) {
        const size_t slash = path.find('/');
        out.emplace_back(path.substr(0, slash));
        if (slash == std::string_view::npos) return out;
        path.remove_prefix(slash + 1);
    }
}

/// 0: no match; more literal segments are a better match, so that "/v1/x/all" wins over "/v1/x/{id}".
size_t match(const Segments &pattern, const Segments &given) {
    if (pattern.size() != given.size()) return 0;
    size_t literal = 1;
    for (size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == given[i]) ++literal;
        else if (parameter_of(pattern[i]).empty() || given[i].empty()) return 0;
    }
    return literal;
}

bool contains(std::string_view header, std::string_view type) {
    const auto same = [](char a, char b) {
        return (static_cast<unsigned char>(a) | 0x20) == (static_cast<unsigned char>(b) | 0x20);
    };
    return std::search(header.begin(), header.end(), type.begin(), type.end(), same) != header.end();
}

/// What a route of this method answers: HEAD wherever GET.
std::string methods_of(std::string_view method) { return method == "GET" ? "GET, HEAD" : std::string(method); }

Error method_not_allowed(const std::string &method, const std::string &allow) {
    return invalid("MethodNotAllowed", "this path does not answer " + method.substr(0, 16) + "; it answers " + allow);
}

Resolution refuse(Error error, std::string allow = {}) { return {std::nullopt, std::move(error), std::move(allow)}; }

Result<std::chrono::milliseconds> timeout_of(const std::string &text, std::chrono::milliseconds usual,
                                             std::chrono::milliseconds most) {
    if (text.empty()) return usual;
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 1)
        return invalid("InvalidTimeout", "the header Rigger-Timeout-Ms is not a whole number of milliseconds above 0");
    return std::min(std::chrono::milliseconds(value), most);
}

Reply json(std::string body) { return {200, "application/json", std::move(body), {}}; }

Reply tagged(const Task &task, const std::string &body) {
    Reply reply;
    const std::string &etag = task.catalogue->etag;
    if (contains(task.if_none_match, etag)) reply.status = 304;
    else reply.body = body;
    reply.headers.emplace_back("ETag", etag);
    return reply;
}

} // namespace

int status_of(const Error &error) noexcept {
    constexpr std::array<std::pair<std::string_view, int>, 12> exact{{{"TokenMissing", 401},
                                                                      {"TokenUnknown", 401},
                                                                      {"MethodNotAllowed", 405},
                                                                      {"RequestTimeout", 408},
                                                                      {"LengthRequired", 411},
                                                                      {"BodyTooLarge", 413},
                                                                      {"UriTooLong", 414},
                                                                      {"UnsupportedMediaType", 415},
                                                                      {"HeaderTooLarge", 431},
                                                                      {"HttpVersion", 505},
                                                                      {"TransferCoding", 501},
                                                                      {"TooManyWatchers", 503}}};
    for (const auto &[reason, status] : exact)
        if (error.reason == reason) return status;
    return http_status(error.code);
}

Service::Service(const Limits &limits, std::string version, const Dependencies &dependencies)
    : limits_(limits), version_(std::move(version)), dependencies_(dependencies) {}

std::shared_ptr<const Catalogue> Service::catalogue() {
    std::string text = dependencies_.commands.catalogue();
    const std::lock_guard lock(mutex_);
    if (!catalogue_ || catalogue_->text != text) {
        catalogue_ = read_catalogue(std::move(text), version_);
        if (dependencies_.log)
            for (const std::string &problem : catalogue_->problems)
                dependencies_.log(LogLevel::warn, "http: " + problem);
    }
    return catalogue_;
}

Resolution Service::resolve(const Head &head) {
    if (head.method == "HEAD") { // RFC 9110, 9.3.2: as GET, and whoever sends the answer leaves its body out
        Head get = head;
        get.method = "GET";
        return resolve(get);
    }
    if (head.target.size() > limits_.uri_bytes)
        return refuse(invalid("UriTooLong", "the request's path and query are longer than " +
                                                std::to_string(limits_.uri_bytes) +
                                                " bytes; send long values in a JSON body"));
    auto parsed = parse_target(head.target);
    if (!parsed.ok()) return refuse(parsed.error());
    std::string allow;
    for (const OwnRoute &own : kOwnRoutes) {
        const Segments pattern = split(own.path);
        if (match(pattern, parsed->segments) == 0) continue;
        if (own.method != head.method) {
            allow = methods_of(own.method);
            continue;
        }
        Task task;
        task.route = own.route;
        task.label = own.path;
        task.needs = own.needs;
        task.takes_body = false;
        task.if_none_match = head.if_none_match;
        if (own.route == Route::plugins_reset) task.plugin = parsed->segments[2];
        if (own.route == Route::openapi || own.route == Route::commands) task.catalogue = catalogue();
        if (!parsed->query.empty()) return refuse(invalid("UnknownOption", "this path takes no query parameters"));
        return {std::move(task), {}, {}};
    }
    if (!allow.empty()) return refuse(method_not_allowed(head.method, allow), allow);
    return resolve_command(head, std::move(*parsed));
}

Resolution Service::resolve_command(const Head &head, Target target) {
    Task task;
    task.route = Route::command;
    task.catalogue = catalogue();
    std::string allow;
    if (target.segments.size() == 3 && target.segments[0] == "v1" && target.segments[1] == "commands") {
        task.command = task.catalogue->find(target.segments[2]);
        if (!task.command)
            return refuse(not_found("UnknownCommand", "there is no command '" + target.segments[2].substr(0, 64) +
                                                          "'; GET /v1/commands lists them all"));
        if (head.method != "POST") return refuse(method_not_allowed(head.method, "POST"), "POST");
        task.label = "/v1/commands/" + task.command->name;
        task.takes_body = true;
    } else {
        size_t best = 0;
        for (const Command &command : task.catalogue->commands) {
            const size_t rank = command.segments.empty() ? 0 : match(command.segments, target.segments);
            if (rank == 0) continue;
            if (command.method != head.method) {
                const std::string methods = methods_of(command.method);
                if (allow.find(methods) == std::string::npos) allow += (allow.empty() ? "" : ", ") + methods;
            } else if (rank > best) {
                best = rank;
                task.command = &command;
            }
        }
        if (!task.command && !allow.empty()) return refuse(method_not_allowed(head.method, allow), allow);
        if (!task.command)
            return refuse(
                not_found("UnknownPath", "there is nothing at this path; GET /openapi.json lists what there is"));
        task.label = task.command->path;
        task.takes_body = head.method != "GET" && head.method != "DELETE";
        task.path = path_parameters(*task.command, target.segments);
    }
    task.query = std::move(target.query);
    if (auto status = finish_command(head, task); !status.ok()) return refuse(status.error());
    return {std::move(task), {}, {}};
}

Status Service::finish_command(const Head &head, Task &task) const {
    const Command &command = *task.command;
    task.needs = command.effect == CommandEffect::read ? Role::read : Role::operate;
    const bool stream = contains(head.accept, "text/event-stream");
    RIG_TRY_ASSIGN(task.timeout, timeout_of(head.timeout, limits_.command_time, limits_.command_time_max));
    RIG_TRY_ASSIGN(task.stream_timeout, timeout_of(head.timeout, limits_.stream_time, limits_.stream_time));
    if (head.has_body && !task.takes_body)
        return invalid("UnexpectedBody", head.method + " takes no body here; send options as query parameters");
    if (head.has_body && !head.content_type.empty() && !contains(head.content_type, "application/json"))
        return invalid("UnsupportedMediaType",
                       "the body must be JSON: send the header 'Content-Type: application/json'");
    bool watch = false;
    if (command.options.count(kWatchParameter) == 0)
        for (const auto &[name, value] : task.query)
            if (name == kWatchParameter) {
                const auto flag = parse_flag(value);
                if (!flag) return invalid("InvalidArguments", "parameter 'watch' is neither true nor false");
                watch = *flag;
            }
    if (watch && !command.watch) return invalid("NotWatchable", "command '" + command.name + "' cannot be watched");
    if (watch || (stream && command.watch)) task.stream = Stream::watch;
    else if (stream) task.stream = Stream::progress;
    return {};
}

Status Service::authorise(const Task &task, const Principal &principal) {
    if (static_cast<uint8_t>(principal.role) >= static_cast<uint8_t>(task.needs)) return {};
    return Error{Code::denied, "RoleTooLow",
                 "'" + principal.name + "' may read, but this changes something and needs the role operate", 0};
}

Result<std::string> Service::arguments(Task &task, std::string_view body) const {
    if (!task.command) return std::string();
    RIG_TRY_ASSIGN(std::string text, make_arguments(*task.command, task.path, task.query, body, limits_.json_depth));
    if (task.command->stream.empty()) return text;
    const auto given = nlohmann::json::parse(text, nullptr, false);
    if (given.is_object() && given.value(task.command->stream, nlohmann::json()) == true) {
        task.stream = Stream::progress;
        task.timeout = task.stream_timeout;
    }
    return text;
}

Result<std::string> Service::run(const Task &task, const Principal &principal, const std::string &arguments,
                                 const std::atomic<uint32_t> &cancelled,
                                 const std::function<void(std::string_view)> &progress) {
    const CallContext call{dependencies_.clock.monotonic() + std::chrono::duration_cast<Duration>(task.timeout),
                           &cancelled};
    return dependencies_.commands.invoke(principal, call, task.command->name, arguments, progress);
}

Result<Reply> Service::answer(const Task &task, const Principal &principal, const std::string &arguments,
                              const std::atomic<uint32_t> &cancelled) {
    const auto document = [](Result<std::string> text) -> Result<Reply> {
        return text.ok() ? Result<Reply>(json(*std::move(text))) : text.error();
    };
    switch (task.route) {
    case Route::health: return json("{\"status\":\"ok\"}\n");
    case Route::ready: {
        Readiness readiness = dependencies_.readiness();
        const bool may_read = principal.role != Role::none && !readiness.document.empty();
        Reply reply = json(may_read ? std::move(readiness.document)
                                    : std::string("{\"ready\":") + (readiness.ready ? "true" : "false") + "}\n");
        reply.status = readiness.ready ? 200 : 503;
        return reply;
    }
    case Route::metrics:
        return Reply{200, "text/plain; version=0.0.4; charset=utf-8", dependencies_.metrics.exposition(), {}};
    case Route::openapi: return tagged(task, task.catalogue->openapi);
    case Route::commands: return tagged(task, task.catalogue->text);
    case Route::plugins: return document(dependencies_.plugins());
    case Route::plugins_reload: return document(dependencies_.reload_plugins());
    case Route::plugins_reset: return document(dependencies_.reset_plugin(task.plugin));
    case Route::command: break;
    }
    return document(run(task, principal, arguments, cancelled, [](std::string_view) {}));
}

} // namespace rigger::http_server
