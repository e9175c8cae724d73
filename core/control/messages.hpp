// core/control/messages.hpp -- everything that can change control state. Plain values; the controller handles one at a
// time.
#pragma once
#include "base/ids.hpp"
#include "base/status.hpp"
#include "control/config.hpp"
#include "domain/cluster_view.hpp"
#include "domain/objects.hpp"
#include "domain/offer.hpp"
#include "domain/placement/engine.hpp"
#include "domain/ports/call.hpp"
#include "domain/ports/cluster_backend.hpp"
#include "domain/ports/reconciler.hpp"
#include "domain/ports/validator_source.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace rigger {

using EffectId = uint64_t;  ///< 0: none
using RequestId = uint64_t; ///< of a command that waits for its answer

// From the watch of a source.
enum class ItemKind : uint8_t { offer, instance };
struct OfferPut {
    OfferPtr offer;
};
struct InstancePut {
    SourceInstancePtr instance;
};
struct ItemRemoved {
    SourceName source;
    ItemKind kind;
    std::string id, reason;
}; ///< definite
struct ItemMalformed {
    SourceName source;
    ItemKind kind;
    std::string id;
    Error why;
};
struct SourceMark {
    SourceName source;
    ItemKind kind;
    Mark mark;
    std::string detail;
};
struct SourceEvent {
    SourceName source;
    std::string id, document;
};
struct SourceCheckpoint {
    SourceName source;
    std::string token;
};

// From the watches of a backend: one per kind.
using ObjectView =
    std::variant<std::shared_ptr<const NodeView>, std::shared_ptr<const PodView>, std::shared_ptr<const JobView>,
                 std::shared_ptr<const ServiceView>>; ///< in the order of ObjectKind
struct ObjectPut {
    ClusterName cluster;
    ObjectView view;
    bool sync = false;
};
struct ObjectGone {
    ClusterName cluster;
    ObjectKind kind;
    std::string namespace_name, name, uid;
}; ///< definite
struct ObjectMalformed {
    ClusterName cluster;
    ObjectKind kind;
    std::string namespace_name, name;
    Error why;
};
struct ClusterMark {
    ClusterName cluster;
    ObjectKind kind;
    Mark mark;
    std::string detail;
};

// Plugins come, go and lose contact.
struct SourceAttached {
    SourceName source;
};
struct SourceDetached {
    SourceName source;
};
struct BackendAttached {
    std::string backend;
};
struct BackendDetached {
    std::string backend;
};
struct WatchEnded {
    std::string port;
    bool source = false;
    ObjectKind kind = ObjectKind::node;
    Error why;
    unsigned attempts = 0;
};

// What effects brought back.
struct Claimed {
    Grant grant;
};
struct Rendered {
    std::vector<std::string> objects;
    bool done = false;
};
struct Applied {
    std::string object;
    bool stale_grant = false;
}; ///< stale: an object of an older grant stands in the way
struct Listed {
    std::vector<ObjectMeta> objects;
}; ///< of one deployment, all kinds, each listing complete
struct Removed {};
struct Announced {
    InstanceId instance;
};
struct Released {};
struct Explained {
    Complaint newest; ///< empty: there is none
};
struct Looked {
    bool any = false; ///< false: the cluster said of each that it does not exist
};
struct Recognized {
    ClusterName cluster;
    bool known = true; ///< false: its backend has no cluster of that name any more
};
struct Planned {
    placement::PlacementPlan plan;
};
struct ProposedBy {
    std::string reconciler, subject, key;
    ProposedAction action;
};
struct Reconciled {
    std::vector<ProposedBy> proposals;
    std::vector<std::pair<std::string, Error>> failures;
    Duration requeue_after{};
};
struct EffectDone {
    EffectId id = 0;
    Result<std::variant<Claimed, Rendered, Applied, Listed, Removed, Announced, Released, Explained, Looked, Recognized,
                        Planned, Reconciled>>
        result;
};

// Commands.
struct DeployRequest {
    OfferId offer;
    ServerId server;
    std::vector<GpuId> gpus;
    std::string reason;
};
struct UndeployRequest {
    DeploymentId deployment;
    std::string reason;
};
struct RecycleRequest {
    bool dry_run = false, force = false;
};
struct BanRequest {
    OfferId offer;
    std::string reason;
}; ///< empty reason: lift
struct LockRequest {
    ServerId server;
    bool locked = true;
};
struct ForgetRequest {
    ServerId server;
    bool dry_run = false, force = false;
};
struct SyncRequest {
    SourceName source;
}; ///< empty: all
struct Command {
    RequestId request = 0;
    std::string principal;
    std::variant<DeployRequest, UndeployRequest, RecycleRequest, BanRequest, LockRequest, ForgetRequest, SyncRequest>
        what;
};
struct CommandAbandoned {
    RequestId request = 0;
}; ///< nobody waits for its answer any more

// The machinery itself.
struct CommitReport {
    bool failing = false;
    Error why;
    size_t waiting = 0;
    uint64_t failures = 0;
};
struct Tick {};
struct Reconfigure {
    std::shared_ptr<const ControlConfig> config;
};

using Message =
    std::variant<OfferPut, InstancePut, ItemRemoved, ItemMalformed, SourceMark, SourceEvent, SourceCheckpoint,
                 ObjectPut, ObjectGone, ObjectMalformed, ClusterMark, SourceAttached, SourceDetached, BackendAttached,
                 BackendDetached, WatchEnded, EffectDone, Command, CommandAbandoned, CommitReport, Tick, Reconfigure>;

} // namespace rigger
