// reconcile/facts.hpp -- the documents of docs/plugins/documents.md section 4 as values, with ages in place of times.
//
// Reading is strict about types and lenient about what is missing: a missing view is an incomplete one, a missing age
// is unknown. INVALID (reason "BadDocument") names the field. Pure. [any]
#pragma once
#include <rigger/sdk/status.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reconcile {

/// How far a part of the observation can be trusted.
struct View {
    bool complete = false;
    double age = 1e18; ///< seconds since it was last confirmed
};

class Views {
public:
    void put(std::string name, View view) { views_[std::move(name)] = view; }
    /// Complete, and not older than `max_age` seconds.
    bool usable(std::string_view name, double max_age) const;
    double age(std::string_view name) const; ///< 1e18 for a view that is not there
private:
    std::map<std::string, View, std::less<>> views_;
};

struct Deployment {
    std::string id, offer_id, offer_name, version, phase, instance_id, config_id, job_id;
    double age = 0, phase_age = 0; ///< seconds; never negative
    /// Planned or claimed: no object exists yet.
    bool stub() const { return phase == "planned" || phase == "claimed"; }
    /// Neither ended nor ending.
    bool live() const { return phase != "terminating" && phase != "gone"; }
    bool is_job() const { return !job_id.empty(); }
};

struct Job {
    int active = 0, succeeded = 0, failed = 0;
};

struct Pod {
    std::string name, phase, reason, message;
    bool terminating = false;
    std::optional<int> exit_code;
    bool ended() const { return phase == "Failed" || phase == "Succeeded"; }
};

struct Instance {
    std::string id, offer_id, version, config_id;
    std::optional<double> age; ///< since createdAt
};

struct Offer {
    std::string id, version;
    bool update_in_progress = false;
};

struct Object {
    std::string api_version, kind, namespace_name, name, uid, deployment_id;
    std::optional<double> age;
};

/// subject "deployment"
struct DeploymentFacts {
    Deployment deployment;
    std::optional<double> stub_seconds, init_seconds; ///< limits, where the host sets them
    std::optional<Job> job;
    std::vector<Pod> pods;
    std::optional<Instance> instance;
    std::optional<Offer> offer; ///< id is empty: it is the deployment's
    Views views;
};

/// subject "source"
struct SourceFacts {
    std::vector<Deployment> deployments;
    std::vector<Offer> offers, stored;
    std::vector<Instance> instances;
    Views views;
};

/// subject "cluster"
struct ClusterFacts {
    std::map<std::string, std::string> phases; ///< deployment id -> phase
    std::vector<Object> objects;
    Views views;
};

rig::Result<DeploymentFacts> read_deployment(std::string_view desired, std::string_view observed);
rig::Result<SourceFacts> read_source(std::string_view desired, std::string_view observed);
rig::Result<ClusterFacts> read_cluster(std::string_view desired, std::string_view observed);

} // namespace reconcile
