// core/domain/ports/cluster_backend.hpp -- Kubernetes-shaped objects across clusters, as domain sees them.
#pragma once
#include "base/ids.hpp"
#include "base/status.hpp"
#include "domain/ports/call.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace rigger {

enum class ObjectChange : int32_t { sync = 0, put = 1, removed = 2 };

/// Receives what list() and watch() deliver, one call at a time, on a thread of the backend's; none after the call has
/// returned. `cluster` is the backend's own cluster name.
class ObjectSink {
public:
    virtual ~ObjectSink() = default;
    virtual Status object(ObjectChange, std::string_view cluster, std::string_view document) = 0;
    virtual Status mark(std::string_view cluster, Mark, std::string_view detail) = 0;
    virtual Status checkpoint(std::string_view resume_token) = 0;
};

struct ApplyFlags {
    bool dry_run = false, create_only = false;
};

/// The backend has no cluster of the name that it was given.
inline bool is_unknown_cluster(const Error &error) noexcept {
    return error.code == Code::invalid && error.reason == "UnknownCluster";
}

/// Blocking; called from workers; documents and duties as in sdk/include/rigger/abi/kind/cluster_backend.h.
class ClusterBackend {
public:
    virtual ~ClusterBackend() = default;
    virtual const std::string &name() const = 0; ///< of the backend instance, e.g. "local"
    virtual Result<std::string> probe(const CallContext &) = 0;
    virtual Status list(const CallContext &, std::string_view query, ObjectSink &) = 0;
    virtual Result<std::string> get(const CallContext &, std::string_view ref) = 0;
    virtual Result<std::string> apply(const CallContext &, std::string_view cluster, std::string_view object,
                                      ApplyFlags) = 0;
    virtual Status remove(const CallContext &, std::string_view ref) = 0;
    virtual Status watch(const CallContext &, std::string_view query, std::string_view resume_token, ObjectSink &) = 0;
    virtual Status logs(const CallContext &, std::string_view request,
                        const std::function<Status(std::string_view)> &out) = 0;
    /// What an operator should know when a cluster does not work; unsupported: this backend cannot tell.
    virtual Result<std::string> diagnose(const CallContext &, std::string_view request) = 0;
};

} // namespace rigger
