// kube/fleet.hpp -- the cluster backend over N real clusters: what cluster-microk8s and cluster-k3s have in common.
#pragma once
#include "kube/cluster.hpp"
#include "kube/roster.hpp"

#include <rigger/sdk/backend.hpp>

#include <map>

namespace kube {

struct FleetSettings {
    ClientSettings client;
    std::string work_namespace = "chutes"; ///< diagnose() asks for permissions in it
    std::string runtime_class = "nvidia";  ///< diagnose() looks for it; "": not
    bool every_node_serves = false; ///< Nodes are shown with the label chutes/worker=true where they lack it: who hands
                                    ///< over a whole cluster means its nodes
};

using Clusters = std::map<std::string, std::shared_ptr<Cluster>>;

/// Thread-safe. Documents as in rigger/abi/kind/cluster_backend.h.
class Fleet {
public:
    Fleet(std::unique_ptr<Roster> roster, FleetSettings settings, const Clock &clock, uint64_t seed);
    ~Fleet();
    /// Reads the roster if it changed. A roster that cannot be read leaves the clusters as they are, and is a failure.
    rig::Status refresh();
    Clusters clusters() const;
    /// Why some cluster's configuration cannot be used; "": nothing is wrong with it.
    std::string problem() const;

    std::string probe() const;
    rig::Status list(rig::Call, std::string_view query, const rig::Objects &);
    rig::Result<std::string> get(rig::Call, std::string_view ref);
    rig::Result<std::string> apply(rig::Call, std::string_view cluster, std::string_view object, uint32_t flags);
    rig::Status remove(rig::Call, std::string_view ref);
    rig::Status watch(rig::Call, std::string_view query, std::string_view resume_token, const rig::Objects &);
    rig::Status logs(rig::Call, std::string_view request, rig::Sink);
    rig::Result<std::string> diagnose(rig::Call, std::string_view request);

private:
    /// The object as the host sees it.
    std::string shown(std::string_view kind, std::string_view object) const;
    Effort effort(rig::Call call) const;
    /// INVALID (UnknownCluster); an empty name stands for the only cluster.
    rig::Result<std::shared_ptr<Cluster>> cluster(std::string_view name) const;
    uint64_t next_seed();

    const std::unique_ptr<Roster> roster_;
    const FleetSettings settings_;
    const Clock &clock_;
    mutable std::mutex lock_;
    uint64_t seed_;
    std::string stamp_, problem_;
    Clusters clusters_;
    std::vector<std::pair<std::string, std::string>> broken_;
    mutable std::map<std::pair<std::string, std::string>, uint64_t>
        watches_; ///< cluster and kind -> when its stream was last known good
    friend class FleetWatch;
};

/// The plugin's class but for its configuration: start() makes the fleet, a timer looks at the roster every 2 s.
class FleetBackend : public rig::Backend {
public:
    explicit FleetBackend(rig::Host host);
    ~FleetBackend() override;
    rig::Status check() override;
    rig::Status start() override;
    rig::Status stop() override;
    rig::Result<std::string> probe(rig::Call) override;
    rig::Status list(rig::Call, std::string_view query, const rig::Objects &) override;
    rig::Result<std::string> get(rig::Call, std::string_view ref) override;
    rig::Result<std::string> apply(rig::Call, std::string_view cluster, std::string_view object,
                                   uint32_t flags) override;
    rig::Status remove(rig::Call, std::string_view ref) override;
    rig::Status watch(rig::Call, std::string_view query, std::string_view resume_token, const rig::Objects &) override;
    rig::Status logs(rig::Call, std::string_view request, rig::Sink) override;
    rig::Result<std::string> diagnose(rig::Call, std::string_view request) override;

protected:
    /// Called by start() and check().
    virtual rig::Result<std::unique_ptr<Roster>> roster() = 0;
    virtual FleetSettings settings() = 0;

private:
    class HostClock;
    static void look(void *self);
    rig::Result<std::shared_ptr<Fleet>> fleet(rig::Call) const;
    rig::Host host_;
    std::unique_ptr<HostClock> clock_;
    mutable std::mutex lock_;
    std::shared_ptr<Fleet> fleet_;
    uint64_t timer_ = 0;
    std::string last_problem_;
};

} // namespace kube
