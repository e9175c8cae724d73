// runtime/runtime.hpp -- what runs the containers of pods on behalf of the node agent. The agent owns pod statuses,
// restarts and grace; a runtime pulls, starts, stops and reports. One runtime serves all nodes; pods are known to it by
// their record id.
//
// All calls under the cluster's lock, none blocks. Reports come out of next(), in the order of their times.
#pragma once
#include "clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cluster_local {

/// What a runtime must know of a pod to run it. Views are valid during the call.
struct PodTask {
    int64_t id = 0;
    std::string_view uid, name_space, name, node, image; ///< image: of the first container
    std::string_view labels;                             ///< packed
    uint32_t attempt = 0;                                ///< how often its containers were restarted
};

struct RuntimeReport {
    enum class What : uint8_t {
        pull_failed, ///< waiting; reason: ErrImagePull or ImagePullBackOff. The runtime goes on trying
        started,     ///< containers run
        ready,       ///< and serve
        exited,      ///< by themselves
        evicted,     ///< the node needs their room; the pod has failed
        stopped,     ///< after stop()
    };
    int64_t pod = 0;
    What what = What::started;
    int exit_code = 0;
    std::string reason, message;
};

/// How far a pod was when the daemon ended.
enum class Stage : uint8_t { launched, running, ready, stopping };

/// Which part of a container's output is wanted: it ran from `started` until `ended` (wall time; ended = now while it
/// runs).
struct LogSpan {
    int64_t started_ns = 0, ended_ns = 0;
    int64_t from_ns = INT64_MIN; ///< lines at or after this time
    size_t tail = SIZE_MAX;      ///< of those, the last so many
};

class Runtime {
public:
    virtual ~Runtime() = default;
    virtual void launch(const PodTask &, uint64_t now) = 0;
    /// After a restart of the daemon: the pod has been in this stage for `age_ns`.
    virtual void adopt(const PodTask &, Stage, uint64_t age_ns, uint64_t now) = 0;
    /// Ends in a report `stopped` after at most grace_ns.
    virtual void stop(int64_t pod, uint64_t grace_ns, uint64_t now) = 0;
    virtual void forget(int64_t pod) = 0;
    virtual void forget_all() = 0;
    virtual std::optional<RuntimeReport> next(uint64_t now) = 0;
    virtual uint64_t due() const = 0;
    virtual std::string logs(const PodTask &, std::string_view container, const LogSpan &) const = 0;
};

} // namespace cluster_local
