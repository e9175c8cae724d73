#include "host/names.hpp"
#include "host/services/border.hpp"
#include "host/services/tables.hpp"

#include <charconv>

namespace rigger::host {
namespace {
constexpr size_t max_headers = 128, max_body = size_t{64} << 20;
constexpr uint64_t max_response = uint64_t{256} << 20;
constexpr uint64_t request_size_1_0 = offsetof(rig_http_request, max_response_bytes) + sizeof(uint64_t);

struct Target {
    std::string_view host;
    int port = 0;
};

/// Scheme, host and port of an absolute URL, read strictly: what is allowed here must be what is contacted.
Result<Target> target_of(std::string_view url) {
    Target t;
    if (url.starts_with("https://")) t.port = 443, url.remove_prefix(8);
    else if (url.starts_with("http://")) t.port = 80, url.remove_prefix(7);
    else return invalid("BadUrl", "the URL must begin with http:// or https://");
    std::string_view authority = url.substr(0, url.find_first_of("/?#"));
    if (authority.find_first_of("@\\ \t\r\n") != std::string_view::npos)
        return invalid("BadUrl", "the URL's host part holds a character that is not allowed");
    const size_t bracket = authority.rfind(']'), colon = authority.rfind(':');
    if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
        const std::string_view port = authority.substr(colon + 1);
        const auto [end, ec] = std::from_chars(port.data(), port.data() + port.size(), t.port);
        if (ec != std::errc() || end != port.data() + port.size() || t.port < 1 || t.port > 65535)
            return invalid("BadUrl", "the URL's port is not a number in 1..65535");
        authority = authority.substr(0, colon);
    }
    t.host = authority;
    if (t.host.empty()) return invalid("BadUrl", "the URL has no host");
    return t;
}

bool clean(std::string_view s) { return s.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos; }

Result<HttpRequest> read_request(HostHandle &h, const rig_http_request *r) {
    if (!h.machinery->services.http)
        return Error{Code::unsupported, "ServiceMissing", "this host has no HTTP client", 0};
    if (!r || r->struct_size < request_size_1_0) return invalid("BadRequest", "the request is NULL or too short");
    HttpRequest out;
    out.method = view(r->method);
    out.url = view(r->url);
    RIG_TRY_ASSIGN(const Target target, target_of(out.url));
    const bool granted = std::any_of(h.http_hosts.begin(), h.http_hosts.end(), [&](const std::string &p) {
        return matches_host_pattern(p, target.host, target.port);
    });
    if (!granted)
        return Error{Code::denied, "HostNotGranted",
                     "the manifest does not ask for host '" + std::string(target.host) + "'; add it to grants.http", 0};
    if (out.method.empty() || out.method.size() > 16 ||
        !std::all_of(out.method.begin(), out.method.end(), [](char c) { return c >= 'A' && c <= 'Z'; }))
        return invalid("BadRequest", "the method must be upper-case letters");
    if (r->header_count > max_headers || r->body.len > max_body || !clean(out.url))
        return invalid("BadRequest", "the request exceeds 128 headers or 64 MiB, or its URL holds line ends");
    for (size_t i = 0; r->headers && i < r->header_count; ++i) {
        if (!clean(view(r->headers[i].key)) || !clean(view(r->headers[i].value)))
            return invalid("BadRequest", "a header holds line ends");
        out.headers.emplace_back(view(r->headers[i].key), view(r->headers[i].value));
    }
    out.body = view(r->body);
    if (r->timeout_ns != 0)
        out.timeout = Duration(static_cast<int64_t>(std::min<uint64_t>(r->timeout_ns, uint64_t{3600} * 1'000'000'000)));
    if (r->max_response_bytes != 0) out.max_response_bytes = std::min(r->max_response_bytes, max_response);
    return out;
}

/// Hands an outcome to the plugin's callback, in the plugin's time.
void answer(rig_http_fn fn, void *user, const Result<HttpResponse> &outcome) {
    if (!outcome.ok()) {
        rig_error e{};
        e.struct_size = sizeof e;
        fn(user, fill(&e, outcome.error()), nullptr, &e);
        return;
    }
    std::vector<rig_kv> headers;
    headers.reserve(outcome->headers.size());
    for (const auto &[key, value] : outcome->headers) headers.push_back({str(key), str(value)});
    const rig_http_response r{sizeof(rig_http_response), outcome->status, headers.data(), headers.size(),
                              bytes(outcome->body)};
    fn(user, RIG_OK, &r, nullptr);
}

rig_code call(const rig_host *host, const rig_call *context, const rig_http_request *request, void *user,
              rig_http_fn fn, rig_error *error) noexcept {
    auto outcome = std::make_unique<Result<HttpResponse>>(HttpResponse{});
    const rig_code code = serve(host, RIG_SERVICE_HTTP, error, [&](HostHandle &h) -> Status {
        if (!fn) return invalid("CallbackMissing", "the callback is NULL");
        RIG_TRY_ASSIGN(const HttpRequest r, read_request(h, request));
        CallContext c;
        if (context && context->struct_size >= sizeof(rig_call)) {
            c.deadline = MonoTime{context->deadline_ns};
            c.cancelled = reinterpret_cast<const std::atomic<uint32_t> *>(context->cancelled);
        }
        *outcome = h.machinery->services.http->send(c, r);
        return {};
    });
    if (code != RIG_OK) return code;
    answer(fn, user, *outcome);
    return outcome->ok() ? RIG_OK : fill(error, outcome->error());
}

rig_code send(const rig_host *host, const rig_http_request *request, rig_http_fn fn, void *user, uint64_t *op,
              rig_error *error) noexcept {
    return serve(host, RIG_SERVICE_HTTP, error, [&](HostHandle &h) -> Status {
        if (!fn || !op) return invalid("CallbackMissing", "the callback or the place for the operation is NULL");
        RIG_TRY_ASSIGN(HttpRequest r, read_request(h, request));
        const auto instance = h.instance.lock();
        if (!instance || h.silenced.load())
            return Error{Code::unavailable, "NotRunning", "the instance does not run", 0};
        const auto cancelled = std::make_shared<std::atomic<uint32_t>>(0);
        uint64_t id = 0;
        {
            const std::lock_guard lock(h.mutex);
            if (h.http_operations.size() >= 256)
                return Error{Code::exhausted, "TooManyRequests", "256 requests are under way; wait for their answers",
                             1000};
            id = ++h.last_http;
            h.http_operations.emplace(id, cancelled);
        }
        *op = id;
        const bool queued =
            h.machinery->http()->run([instance, cancelled, id, fn, user, r = std::move(r)](const auto &) {
                CallContext c;
                c.cancelled = cancelled.get();
                auto outcome = std::make_shared<Result<HttpResponse>>(instance->machinery().services.http->send(c, r));
                (void)instance->post("http", false, [handle = instance->handle_ref(), outcome, id, fn, user] {
                    {
                        const std::lock_guard lock(handle->mutex);
                        if (handle->silenced.load() || handle->http_operations.erase(id) == 0) return;
                    }
                    answer(fn, user, *outcome);
                });
            });
        if (queued) return {};
        return Error{Code::unavailable, "NotRunning", "the host is stopping", 0};
    });
}

void cancel_request(const rig_host *host, uint64_t op) noexcept {
    (void)serve(host, RIG_SERVICE_HTTP, nullptr, [&](HostHandle &h) -> Status {
        const std::lock_guard lock(h.mutex);
        const auto at = h.http_operations.find(op);
        if (at == h.http_operations.end()) return {};
        at->second->store(1);
        h.http_operations.erase(at);
        return {};
    });
}
} // namespace

const rig_http *http_table() noexcept {
    static constexpr rig_http table{sizeof(rig_http), &send, &call, &cancel_request};
    return &table;
}

} // namespace rigger::host
