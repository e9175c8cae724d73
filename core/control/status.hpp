// core/control/status.hpp -- the loop's own condition, published with each snapshot.
#pragma once
#include "base/time.hpp"
#include "domain/snapshot.hpp"

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace rigger {

/// A deletion that the safety rules did not allow.
struct HeldBack {
    std::string verb, target, cause, reason; ///< what was proposed, by whom and why
    std::string code, text;                  ///< why it was held back
    WallTime at;
};

struct Happening {
    WallTime at;
    std::string part, message;
    uint64_t count = 1; ///< equal ones in a row
};

struct LoopFigures {
    uint64_t runs = 0, failures = 0;
    WallTime last_run;
    Duration last_duration{};
    bool running = false;
    std::string last_error;
};

struct PortStatus {
    std::string name, kind; ///< kind: "source" or "backend"
    bool attached = false;
    uint64_t disconnects = 0, malformed = 0;
    std::string last_error;
    WallTime last_error_at;
};

/// Two names that turn out to be of one cluster: the second is ignored.
struct SameCluster {
    ClusterName first, second;
    std::vector<std::string> nodes; ///< that tell
};

/// The last thing that went wrong with a cluster's view of one kind; it stays when it is over.
struct ViewError {
    std::string message; ///< empty: nothing so far
    WallTime at;
};

struct StepStatus {
    DeploymentId deployment;
    std::string phase, waiting_for, last_error;
    std::string reason; ///< one word where its cluster gave one
    int attempts = 0;
};

struct LoopStatus {
    LoopFigures plan, reconcile;
    std::map<std::string, PortStatus> ports;
    std::map<ClusterName, std::array<ViewError, 4>> cluster_errors; ///< by ObjectKind
    std::vector<SameCluster> same_clusters;
    std::vector<std::string> kept_out; ///< nodes that are no servers of ours for now: why, and what to do
    std::deque<Happening> last_errors; ///< newest first, at most 20
    std::vector<HeldBack> held_back;   ///< of the last pass
    uint64_t held_back_total = 0, events = 0, repeated_events = 0, written_off = 0, decisions = 0;
    bool store_failing = false;
    std::string store_error;
    uint64_t store_failures = 0;
    size_t effects_in_flight = 0, commits_waiting = 0;
    std::vector<StepStatus> stuck; ///< deployments whose step failed at least once and is retried, at most 20
};

/// One state of the world and of the loop, immutable.
struct Published {
    SnapshotPtr snapshot;
    std::shared_ptr<const LoopStatus> status;
};

} // namespace rigger
