// core/domain/snapshot.hpp -- an immutable, versioned view of everything that one decision is made from.
#pragma once
#include "domain/cluster_view.hpp"
#include "domain/deployment.hpp"
#include "domain/offer.hpp"
#include "domain/server.hpp"
#include "domain/shared_list.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace rigger {

/// "This offer (on this server) died young": automatic placement avoids it until `until`.
struct FailureMark {
    OfferId offer;
    ServerId server; ///< empty: the offer on every server
    std::string cause;
    WallTime created_at; ///< of the deployment that died
    WallTime deleted_at;
    WallTime until; ///< deleted_at + memory span (default 1 h)
};

/// A source told us to wait with this offer (423) until then.
struct Backoff {
    OfferId offer;
    WallTime until;
    std::string reason;
};

struct ClusterState {
    ClusterName name;
    std::string version;
    Freshness nodes, pods, jobs, services;
    std::vector<std::shared_ptr<const NodeView>> node_list;
    std::vector<std::shared_ptr<const PodView>> pod_list;
    std::vector<std::shared_ptr<const JobView>> job_list;
    std::vector<std::shared_ptr<const ServiceView>> service_list;
};

struct SourceState {
    SourceName name;
    Freshness offers, instances;
};

struct Snapshot {
    uint64_t version = 0; ///< grows by one with every published state
    WallTime taken_at;
    MonoTime taken_mono;
    SharedList<OfferPtr> offers;           ///< by (source, ordinal)
    SharedList<ServerPtr> servers;         ///< by name
    SharedList<DeploymentPtr> deployments; ///< by id; gone ones are not here
    std::vector<SourceInstancePtr> instances;
    std::vector<FailureMark> failures;
    std::vector<Backoff> backoffs;
    std::map<OfferId, std::string> bans; ///< offer -> ban_reason
    std::vector<SourceState> sources;
    std::vector<ClusterState> clusters;
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

} // namespace rigger
