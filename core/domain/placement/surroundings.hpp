// core/domain/placement/surroundings.hpp -- a snapshot indexed for look-up: who runs where, what failed, what is banned
// or told to wait, which clusters are seen completely. Follows from snapshot to snapshot at the cost of what differs.
#pragma once
#include "domain/snapshot.hpp"

#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace rigger::placement {

/// The failure marks of one offer that stand, as times of deletion.
struct OfferMarks {
    std::optional<WallTime> everywhere;
    std::vector<std::pair<ServerId, WallTime>> on_server; ///< sorted, unique
    friend bool operator==(const OfferMarks &, const OfferMarks &) = default;
};

struct NodeCapacity {
    int cpu_milli = 0;
    int64_t memory_mib = 0;
    friend bool operator==(const NodeCapacity &, const NodeCapacity &) = default;
};

/// Ids of which anything differs between two snapshots: the record itself, its deployments, marks, bans, its node or
/// cluster.
struct Touched {
    std::vector<OfferId> offers; ///< sorted, unique; like servers
    std::vector<ServerId> servers;
};

class Surroundings {
public:
    explicit Surroundings(SnapshotPtr snapshot);
    /// Moves on to `next`. The parts of the two snapshots that are the same objects cost one pointer comparison each.
    Touched follow(SnapshotPtr next);

    const SnapshotPtr &snapshot() const noexcept { return snapshot_; }
    WallTime now() const noexcept { return snapshot_->taken_at; }
    const std::unordered_map<OfferId, OfferPtr> &offers() const noexcept { return offers_; }
    const std::unordered_map<ServerId, ServerPtr> &servers() const noexcept { return servers_; }
    /// nullptr: not in the snapshot.
    OfferPtr offer(const OfferId &id) const;
    ServerPtr server(const ServerId &id) const;
    /// Not gone; terminating ones are there, for they still hold their GPUs.
    const std::vector<DeploymentPtr> &on_server(const ServerId &id) const;
    const std::vector<DeploymentPtr> &of_offer(const OfferId &id) const;
    const OfferMarks &marks(const OfferId &id) const;
    int marks_on(const ServerId &id) const;
    const Backoff *backoff(const OfferId &id) const;
    bool cluster_known(const ClusterName &name) const; ///< its nodes and pods are seen to the end
    std::optional<NodeCapacity> capacity(const Server &server) const;

private:
    void put(const OfferPtr &offer);
    void put(const ServerPtr &server);
    void put(const DeploymentPtr &deployment);
    void remove(const DeploymentPtr &deployment);
    void index_memory();
    void index_clusters();
    void follow_clusters(std::vector<ServerId> &touched);

    SnapshotPtr snapshot_;
    std::unordered_map<OfferId, OfferPtr> offers_;
    std::unordered_map<ServerId, ServerPtr> servers_;
    std::unordered_map<ServerId, std::vector<DeploymentPtr>> on_server_;
    std::unordered_map<OfferId, std::vector<DeploymentPtr>> of_offer_;
    std::unordered_map<OfferId, OfferMarks> marks_;
    std::unordered_map<ServerId, int> marks_on_;
    std::unordered_map<OfferId, const Backoff *> backoffs_;
    std::unordered_map<ClusterName, bool> clusters_;
    std::unordered_map<std::string, NodeCapacity> nodes_; ///< by cluster name, a line feed, node name
};

} // namespace rigger::placement
