#include "kube/client.hpp"

#include "connection.hpp"
#include "kube/answer.hpp"

#include <rigger/sdk/json.hpp>
#include <rigger/sdk/try.hpp>
#include <times/rfc3339.hpp>

#include <atomic>
#include <future>

namespace kube {
namespace {
constexpr size_t most_error_bytes = 64 << 10;
constexpr unsigned watch_seconds =
    290; ///< the API server ends a watch after this time; it is opened again at the same place
constexpr const char *manager = "fieldManager=rigger";

std::string selection_query(const Selection &s) {
    std::string out;
    if (!s.labels.empty()) out += "&labelSelector=" + escaped(s.labels);
    if (!s.fields.empty()) out += "&fieldSelector=" + escaped(s.fields);
    return out;
}
/// An API server says no more than "Unauthorized".
std::string expired(const Identity &identity, int64_t wall_ns) {
    if (!identity.certificate || wall_ns <= identity.certificate->until_ns) return {};
    return "; the client certificate expired at " + times::to_rfc3339(identity.certificate->until_ns) +
           ": put a new one into the kubeconfig";
}
std::string naming(const Resource &r, std::string_view name) { return r.plural + " \"" + std::string(name) + "\""; }
} // namespace

Client::Client(Access access, ClientSettings settings, const Clock &clock)
    : Client(std::move(access), settings, clock, resolve) {}
Client::Client(Access access, ClientSettings settings, const Clock &clock, Lookup::Resolve resolve)
    : access_(std::move(access)), settings_(settings), clock_(clock), credentials_(access_, clock),
      budget_(settings.requests_per_second, settings.burst, clock), lookup_(access_.host, std::move(resolve)) {}
Client::~Client() = default;

rig::Result<std::unique_ptr<Exchange>> Client::send(const Effort &wanted, const Request &request,
                                                    const std::string &doing) {
    const Effort effort = wanted.within(settings_.request_ns);
    for (bool again = true;; again = false) {
        RIG_RETURN_IF_ERROR(budget_.take(effort));
        RIG_ASSIGN_OR_RETURN(const Identity identity, credentials_.current(effort));
        auto sent = exchange(effort, request, identity);
        if (!sent.ok()) {
            rig::Error e = sent.error();
            e.message = doing + ": " + e.message;
            if (e.reason == "ConnectionBroken") e.message += expired(identity, clock_.wall_ns());
            return e;
        }
        Exchange &answer = **sent;
        if (answer.status() >= 200 && answer.status() < 300) {
            if (request.stream) answer.use(wanted);
            return sent;
        }
        if (answer.status() == 401 && credentials_.reject() && again) continue;
        std::string body;
        try {
            if (auto text = answer.text(most_error_bytes); text.ok()) body = *std::move(text);
        } catch (const std::exception &) {
            // The status alone has to do.
        }
        rig::Error e = refusal(answer.status(), body, answer.retry_after_ms(), doing);
        if (answer.status() == 401) e.message += expired(identity, clock_.wall_ns());
        if (answer.status() == 429) budget_.hold(std::max<uint64_t>(e.retry_after_ms, 1000) * 1'000'000);
        return e;
    }
}

rig::Result<std::string> Client::ask(const Effort &effort, const Request &request, const std::string &doing) {
    try {
        RIG_ASSIGN_OR_RETURN(const auto answer, send(effort, request, doing));
        return answer->text(most_object_bytes);
    } catch (const std::exception &) {
        rig::Error e = explain(access_);
        e.message = doing + ": " + e.message;
        return e;
    }
}

rig::Status Client::ready(const Effort &effort) {
    RIG_RETURN_IF_ERROR(ask(effort, {"GET", "/readyz", {}, {}}, "asking whether it can serve"));
    return {};
}

rig::Result<std::string> Client::version(const Effort &effort) {
    RIG_ASSIGN_OR_RETURN(const std::string text, ask(effort, {"GET", "/version", {}, {}}, "asking for the version"));
    const nlohmann::json answer = nlohmann::json::parse(text, nullptr, false);
    if (!answer.is_object() || !answer.contains("gitVersion") || !answer["gitVersion"].is_string())
        return rig::Error{RIG_E_UNAVAILABLE, "BrokenAnswer",
                          access_.server() + " does not answer like a Kubernetes API server", 5000};
    return answer["gitVersion"].get<std::string>();
}

rig::Result<Resource> Client::resource(const Effort &effort, std::string_view api_version, std::string_view kind) {
    if (auto known = known_resource(api_version, kind)) return *std::move(known);
    const std::string key = std::string(api_version) + " " + std::string(kind);
    {
        const std::lock_guard held(lock_);
        if (const auto at = discovered_.find(key); at != discovered_.end()) return at->second;
    }
    const rig::Error none{
        RIG_E_UNSUPPORTED, "NoKindMatch",
        "no matches for kind \"" + std::string(kind) + "\" in version \"" + std::string(api_version) + "\"", 0};
    const size_t slash = api_version.find('/');
    if (!is_path_segment(api_version.substr(0, slash)) ||
        (slash != std::string_view::npos && !is_path_segment(api_version.substr(slash + 1))))
        return none;
    auto text = ask(effort, {"GET", version_path(api_version), {}, {}}, "looking for kind " + std::string(kind));
    if (!text.ok())
        return text.error().code == RIG_E_UNSUPPORTED || text.error().code == RIG_E_NOT_FOUND ? none : text.error();
    const nlohmann::json answer = nlohmann::json::parse(*text, nullptr, false);
    if (!answer.is_object() || !answer.contains("resources") || !answer["resources"].is_array()) return none;
    for (const auto &r : answer["resources"]) {
        const std::string name = rig::json::get(r, "name", "");
        if (rig::json::get(r, "kind", "") != kind || name.empty() || name.find('/') != std::string::npos) continue;
        Resource found{std::string(api_version), std::string(kind), name, rig::json::get(r, "namespaced", true)};
        const std::lock_guard held(lock_);
        if (discovered_.size() > 1000) discovered_.clear();
        discovered_.emplace(key, found);
        return found;
    }
    return none;
}

rig::Result<std::string> Client::get(const Effort &effort, const Resource &r, std::string_view ns,
                                     std::string_view name) {
    return ask(effort, {"GET", r.path(ns, name), {}, {}}, "reading " + naming(r, name));
}
rig::Result<std::string> Client::create(const Effort &effort, const Resource &r, std::string_view ns,
                                        const std::string &object, bool dry_run) {
    return ask(effort,
               {"POST", r.path(ns, {}) + "?" + manager + (dry_run ? "&dryRun=All" : ""), object, "application/json"},
               "creating one of " + r.plural);
}
rig::Result<std::string> Client::apply(const Effort &effort, const Resource &r, std::string_view ns,
                                       std::string_view name, const std::string &object, bool dry_run) {
    return ask(effort,
               {"PATCH", r.path(ns, name) + "?force=true&" + manager + (dry_run ? "&dryRun=All" : ""), object,
                "application/apply-patch+yaml"},
               "applying " + naming(r, name));
}
rig::Result<std::string> Client::patch(const Effort &effort, const Resource &r, std::string_view ns,
                                       std::string_view name, std::string_view type, const std::string &patch,
                                       std::string_view subresource) {
    return ask(effort,
               {"PATCH", r.path(ns, name, subresource) + "?" + manager, patch,
                "application/" + std::string(type) + "-patch+json"},
               "patching " + naming(r, name));
}
rig::Status Client::remove(const Effort &effort, const Resource &r, std::string_view ns, std::string_view name,
                           const DeleteOptions &options) {
    nlohmann::json body = {{"apiVersion", "v1"}, {"kind", "DeleteOptions"}};
    if (!options.propagation.empty()) body["propagationPolicy"] = options.propagation;
    if (options.grace_seconds >= 0) body["gracePeriodSeconds"] = options.grace_seconds;
    if (!options.uid.empty()) body["preconditions"]["uid"] = options.uid;
    RIG_RETURN_IF_ERROR(
        ask(effort, {"DELETE", r.path(ns, name), body.dump(), "application/json"}, "deleting " + naming(r, name)));
    return {};
}

namespace {
/// A page that is asked for while the one before it is still being read.
struct Ahead {
    std::atomic<bool> unwanted{false};
    std::future<rig::Result<std::unique_ptr<Exchange>>> page;
    ~Ahead() { unwanted = true; } // the future waits for its thread, which looks at this
};
} // namespace

rig::Result<Client::ListEnd> Client::list(const Effort &effort, const Resource &r, const Selection &selection,
                                          size_t limit, const std::function<rig::Status(std::string_view)> &item) {
    ListEnd end;
    size_t seen = 0;
    const auto page = [&](const Effort &patience, const std::string &next) {
        const size_t size = limit ? std::min<size_t>(settings_.page, limit - seen) : settings_.page;
        const std::string path = r.path(selection.ns, {}) + "?limit=" + std::to_string(size) +
                                 selection_query(selection) + (next.empty() ? "" : "&continue=" + escaped(next));
        return send(patience, {"GET", path, {}, {}}, "listing " + r.plural);
    };
    try {
        auto answer = page(effort, {});
        for (;;) {
            if (!answer.ok()) return answer.error();
            std::unique_ptr<Exchange> reading = *std::move(answer);
            Effort meanwhile = effort; // before what waits for the thread that uses it
            Ahead ahead;
            meanwhile.cancelled = [&] { return ahead.unwanted || (effort.cancelled && effort.cancelled()); };
            const auto on_head = [&](const std::string &next) {
                if (!limit) ahead.page = std::async(std::launch::async, [&, next] { return page(meanwhile, next); });
            };
            const auto on_item = [&](std::string_view object) {
                ++seen;
                return item(object);
            };
            RIG_ASSIGN_OR_RETURN(ListTail tail, read_list(reading->body(), r.api_version, r.kind, on_item, on_head));
            reading->finish();
            end.resource_version = std::move(tail.resource_version);
            end.cut = !tail.next.empty();
            if (!end.cut || (limit && seen >= limit)) return end;
            if (!ahead.page.valid()) answer = page(effort, tail.next);
            else if (answer = ahead.page.get(); answer.ok()) (*answer)->use(effort.within(settings_.request_ns));
        }
    } catch (const std::exception &) {
        rig::Error e = explain(access_);
        e.message = "listing " + r.plural + ": " + e.message;
        return e;
    }
}

rig::Status Client::watch(const Effort &effort, const Resource &r, const Selection &selection,
                          const std::string &resource_version, const std::function<void()> &opened,
                          const std::function<rig::Status(const Event &)> &event) {
    const std::string path = r.path(selection.ns, {}) +
                             "?watch=1&allowWatchBookmarks=true&timeoutSeconds=" + std::to_string(watch_seconds) +
                             "&resourceVersion=" + escaped(resource_version) + selection_query(selection);
    try {
        RIG_ASSIGN_OR_RETURN(const auto answer, send(effort, {"GET", path, {}, {}, true}, "watching " + r.plural));
        opened();
        for (;;) {
            RIG_ASSIGN_OR_RETURN(const auto next, read_event(answer->body()));
            if (!next) return {};
            if (next->type == "ERROR") {
                const nlohmann::json status = nlohmann::json::parse(next->object, nullptr, false);
                return refusal(rig::json::get(status, "code", 500), next->object, 0, "watching " + r.plural);
            }
            RIG_RETURN_IF_ERROR(event(*next));
        }
    } catch (const std::exception &) { return explain(access_); }
}

rig::Status Client::logs(const Effort &effort, std::string_view ns, std::string_view pod, const std::string &query,
                         bool follow, const std::function<rig::Status(std::string_view)> &out) {
    const Resource pods = *known_resource("v1", "Pod");
    try {
        RIG_ASSIGN_OR_RETURN(const auto answer,
                             send(effort, {"GET", pods.path(ns, pod, "log") + "?" + query, {}, {}, follow},
                                  "reading the log of " + naming(pods, pod)));
        std::streambuf &body = answer->body();
        char buffer[8192];
        while (body.sgetc() != std::char_traits<char>::eof()) { // what is there now, without waiting for a full buffer
            const std::streamsize ready =
                std::min<std::streamsize>(std::max<std::streamsize>(body.in_avail(), 1), sizeof buffer);
            RIG_RETURN_IF_ERROR(out({buffer, static_cast<size_t>(body.sgetn(buffer, ready))}));
        }
        answer->finish();
        return {};
    } catch (const std::exception &) { return explain(access_); }
}

} // namespace kube
