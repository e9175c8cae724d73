// kube/client.hpp -- one API server over HTTP/1.1 and TLS, with a few connections that are kept. Thread-safe; every
// call blocks until it is done or its Effort is over, which it notices within about 100 ms. Errors: answer.hpp, plus
// UNAVAILABLE: Unreachable, CertificateRefused, ConnectionBroken, Timeout.
#pragma once
#include "kube/access.hpp"
#include "kube/credentials.hpp"
#include "kube/effort.hpp"
#include "kube/lookup.hpp"
#include "kube/pace.hpp"
#include "kube/resource.hpp"
#include "kube/stream.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace kube {

struct ClientSettings {
    double requests_per_second = 50, burst = 100;
    uint64_t connect_ns = 5 * second_ns, request_ns = 30 * second_ns;
    unsigned page = 500; ///< objects per request of a list
};

struct Request {
    std::string method, path, body, content_type;
    bool stream = false; ///< a watch or followed logs: the request's time limit covers its head alone
};

struct Selection {
    std::string ns, labels, fields;
};

struct DeleteOptions {
    std::string propagation;    ///< "", "Foreground", "Background", "Orphan"
    int64_t grace_seconds = -1; ///< below 0: the object's own
    std::string uid;            ///< only the object with this uid
};

class Exchange; ///< an answer whose body is being read

class Client {
public:
    Client(Access access, ClientSettings settings, const Clock &clock);
    /// With a resolver of the caller's.
    Client(Access access, ClientSettings settings, const Clock &clock, Lookup::Resolve resolve);
    ~Client();
    const Access &access() const noexcept { return access_; }
    uint64_t requests() const { return budget_.taken(); }

    /// The credentials as they are now.
    rig::Result<Identity> identity(const Effort &effort) { return credentials_.current(effort); }
    /// Can it serve? It answers much while its store is away, /version for one. UNAVAILABLE (ServerError) with the
    /// checks that fail; NOT_FOUND, DENIED, UNSUPPORTED: it does not say.
    rig::Status ready(const Effort &);
    /// "v1.29.3"; the cheapest proof that the API server answers.
    rig::Result<std::string> version(const Effort &);
    /// UNSUPPORTED (NoKindMatch): the API server has no such kind.
    rig::Result<Resource> resource(const Effort &, std::string_view api_version, std::string_view kind);

    rig::Result<std::string> get(const Effort &, const Resource &, std::string_view ns, std::string_view name);
    /// POST; CONFLICT (AlreadyExists).
    rig::Result<std::string> create(const Effort &, const Resource &, std::string_view ns, const std::string &object,
                                    bool dry_run);
    /// Server-side apply as field manager rigger, taking fields over from others.
    rig::Result<std::string> apply(const Effort &, const Resource &, std::string_view ns, std::string_view name,
                                   const std::string &object, bool dry_run);
    /// `type`: "json", "merge" or "strategic-merge"; subresource: "" or "status".
    rig::Result<std::string> patch(const Effort &, const Resource &, std::string_view ns, std::string_view name,
                                   std::string_view type, const std::string &patch, std::string_view subresource = {});
    rig::Status remove(const Effort &, const Resource &, std::string_view ns, std::string_view name,
                       const DeleteOptions &);
    /// Any read-only document, such as "/healthz" or a review.
    rig::Result<std::string> ask(const Effort &, const Request &, const std::string &doing);

    struct ListEnd {
        std::string resource_version;
        bool cut = false; ///< `limit` was reached and there is more
    };
    /// All pages; limit 0: everything. An Expired continue token is UNAVAILABLE (Expired): begin again.
    rig::Result<ListEnd> list(const Effort &, const Resource &, const Selection &, size_t limit,
                              const std::function<rig::Status(std::string_view)> &item);
    /// One connection, until the API server ends it (ok) or it breaks. `opened` is called once the API server accepted.
    rig::Status watch(const Effort &, const Resource &, const Selection &, const std::string &resource_version,
                      const std::function<void()> &opened, const std::function<rig::Status(const Event &)> &event);
    rig::Status logs(const Effort &, std::string_view ns, std::string_view pod, const std::string &query, bool follow,
                     const std::function<rig::Status(std::string_view)> &out);

private:
    friend class Exchange;
    struct Connection;
    rig::Result<std::unique_ptr<Exchange>> send(const Effort &, const Request &, const std::string &doing);
    rig::Result<std::unique_ptr<Exchange>> exchange(const Effort &, const Request &, const Identity &);
    rig::Result<std::vector<std::string>> addresses(const Effort &, const Effort &patience);
    rig::Result<std::unique_ptr<Connection>> connect(const Effort &, const Identity &);
    std::unique_ptr<Connection> idle(const Identity &);
    void give_back(std::unique_ptr<Connection>);

    const Access access_;
    const ClientSettings settings_;
    const Clock &clock_;
    Credentials credentials_;
    Budget budget_;
    Lookup lookup_;
    std::mutex lock_;
    std::vector<std::unique_ptr<Connection>> idle_;
    std::map<std::string, Resource, std::less<>> discovered_;
};

} // namespace kube
