// tests/simulation/fake_cluster.hpp -- a cluster with nodes, jobs that make pods, services with node ports; it outlives
// every crash of the daemon.
#pragma once
#include "domain/objects.hpp"
#include "domain/ports/cluster_backend.hpp"
#include "simulation/world.hpp"

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>

namespace rigger::sim {

struct NodeSpec {
    std::string name, model;
    int gpus = 2;
    bool locked = false;
};

class FakeCluster final : public ClusterBackend {
public:
    explicit FakeCluster(World &world);
    ~FakeCluster() override;

    void add_node(const NodeSpec &spec);
    void remove_node(const std::string &name); ///< its pods are lost with it, and their jobs fail
    void set_node_ready(const std::string &name, bool ready);
    void label_node(const std::string &name, const std::string &key, const std::string &value); ///< empty: takes it off
    void annotate_node(const std::string &name, const std::string &key, const std::string &value); ///< the same
    void declare_gpus(const std::string &name, const std::vector<std::string> &ids);
    std::vector<std::string> nodes() const;

    const std::string &name() const override { return instance; }
    Result<std::string> probe(const CallContext &) override {
        return R"({"clusters":[{"name":")" + called + R"(","state":"ready"}]})";
    }
    Status list(const CallContext &, std::string_view query, ObjectSink &) override;
    Result<std::string> get(const CallContext &, std::string_view ref) override;
    Result<std::string> apply(const CallContext &, std::string_view cluster, std::string_view object,
                              ApplyFlags) override;
    Status remove(const CallContext &, std::string_view ref) override;
    Status watch(const CallContext &, std::string_view, std::string_view, ObjectSink &) override { return {}; }
    Status logs(const CallContext &, std::string_view, const std::function<Status(std::string_view)> &) override {
        return {};
    }
    Result<std::string> diagnose(const CallContext &, std::string_view) override {
        return R"({"clusters":[{"name":")" + called + R"(","checks":[]}]})";
    }

    /// What a watch delivers: every change, as it happens.
    std::function<void(ObjectKind, ObjectChange, std::string document)> on_change;
    /// The current objects of a kind, for a full listing.
    std::vector<std::string> documents(ObjectKind kind) const;

    void fail_pod(const std::string &deployment); ///< it crashes, and its job with it
    void fail_job(const std::string &deployment);
    void vanish(const std::string &deployment);     ///< somebody deletes its job and its pod
    void vanish_all(const std::string &deployment); ///< and whatever else is its
    std::string instance = "sim";                   ///< what its backend is called
    std::string called = "c1";                 ///< by which name the backend knows it; under any other it is unknown
    bool hides = false;                        ///< lists none of the workloads that exist
    void add_foreign(const std::string &name); ///< a job that is not ours
    bool down = false;                         ///< every call fails
    double pod_failure_rate = 0;               ///< of pods that start
    bool listings_empty = false;               ///< list() answers "nothing, complete"
    Duration least_start = std::chrono::milliseconds(500), most_start = std::chrono::seconds(30);
    Duration most_termination = std::chrono::seconds(20);

    size_t count(const std::string &kind) const; ///< of ours
    bool has_foreign(const std::string &name) const { return objects_.contains({"Job", "other", name}); }
    std::string owner(const std::string &kind, const std::string &namespace_name,
                      const std::string &name) const; ///< empty: nobody, or no such object
    /// Its job and its pod stand and neither failed, nor is it going away.
    bool runs(const std::string &deployment) const;
    std::set<std::string> owners(const std::string &kind) const; ///< deployment ids of the labelled objects
    /// Set when two pods ever held one GPU, or one deployment two jobs.
    size_t pods_per_gpu = 1; ///< more: its device plugin lets pods share a card
    std::string violation;

private:
    struct Stored;
    using Key = std::tuple<std::string, std::string, std::string>; ///< kind, namespace, name
    void put(const Key &key, nlohmann::json object);
    void erase(const Key &key);
    void start_pod(const Key &job);
    void set_pod_phase(const Key &pod, const std::string &phase);
    Status outage(std::string_view cluster) const;
    template <typename F> std::optional<Key> find(const std::string &kind, F &&wanted) const;
    void check_gpus();

    World &world_;
    std::map<Key, std::unique_ptr<Stored>> objects_;
    uint64_t next_uid_ = 1, version_ = 1;
    int next_port_ = 30000;
};

} // namespace rigger::sim
