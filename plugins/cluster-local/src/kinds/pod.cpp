#include "kinds/pod.hpp"

#include "api/json.hpp"
#include "api/labels.hpp"
#include "api/pod_spec.hpp"
#include "kinds/kind.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace cluster_local {
namespace {
constexpr std::array<std::string_view, kPodFieldCount> kPodFields{
    "spec.nodeName", "spec.restartPolicy", "spec.schedulerName",       "spec.serviceAccountName",
    "status.phase",  "status.podIP",       "status.nominatedNodeName", "~requests",
    "~ready"};
constexpr KindInfo kPodInfo{"v1", "Pod", "pods", true, true, kPodFields};

/// The spec without what Kubernetes lets a client change.
Json fixed_part(const Json &object) {
    Json spec = object.value("spec", Json::object());
    if (!spec.is_object()) return spec;
    spec.erase("activeDeadlineSeconds");
    spec.erase("terminationGracePeriodSeconds");
    spec.erase("tolerations");
    for (const char *key : {"containers", "initContainers"})
        if (spec.contains(key) && spec[key].is_array())
            for (Json &container : spec[key])
                if (container.is_object()) container.erase("image");
    return spec;
}

class Pod final : public Kind {
public:
    const KindInfo &info() const noexcept override { return kPodInfo; }
    void set_defaults(Json &object) const override { default_pod_spec(child(object, "spec")); }
    void validate(const Json &object, Problems &problems) const override {
        if (Checker(object, problems).object("spec")) check_pod_spec(object.at("spec"), "spec.", problems);
    }
    void validate_update(const Json &before, const Json &after, Problems &problems) const override {
        if (fixed_part(before) != fixed_part(after))
            problems.add("spec",
                         "Forbidden: pod updates may not change fields other than `spec.containers[*].image`, "
                         "`spec.initContainers[*].image`, "
                         "`spec.activeDeadlineSeconds`, `spec.terminationGracePeriodSeconds` or `spec.tolerations`");
    }
    Json initial_status(const Json &object) const override {
        const Resources requests = pod_requests(object.at("spec"));
        const bool any = requests.cpu_milli > 0 || requests.memory > 0;
        return {{"phase", "Pending"}, {"qosClass", any ? "Burstable" : "BestEffort"}};
    }
    void index(const Json &object, std::vector<std::string> &values) const override {
        values[kPodNode] = text_at(object, {"spec", "nodeName"});
        values[kPodRestartPolicy] = text_at(object, {"spec", "restartPolicy"});
        values[kPodScheduler] = text_at(object, {"spec", "schedulerName"});
        values[kPodServiceAccount] = text_at(object, {"spec", "serviceAccountName"});
        values[kPodRequests] = to_index(pod_requests(object.at("spec")));
    }
    void index_status(const Json &status, std::vector<std::string> &values) const override {
        values[kPodPhase] = text_at(status, {"phase"});
        values[kPodIp] = text_at(status, {"podIP"});
        values[kPodNominated] = text_at(status, {"nominatedNodeName"});
        values[kPodReady].clear();
        const Json *conditions = find(status, {"conditions"});
        if (!conditions || !conditions->is_array()) return;
        for (const Json &condition : *conditions)
            if (text_at(condition, {"type"}) == "Ready" && text_at(condition, {"status"}) == "True")
                values[kPodReady] = "1";
    }
    /// A pod that a node runs leaves when the node agent has stopped it; one that runs nowhere leaves at once.
    int64_t grace_seconds(const Json &object, std::optional<int64_t> requested) const override {
        const auto phase = text_at(object, {"status", "phase"});
        if (text_at(object, {"spec", "nodeName"}).empty() || phase == "Succeeded" || phase == "Failed") return 0;
        return requested.value_or(integer_at(object, {"spec", "terminationGracePeriodSeconds"}).value_or(30));
    }
};
} // namespace

std::string_view pod_node(const Record &r) { return value_at(r.fields, kPodNode); }
std::string_view pod_phase(const Record &r) { return value_at(r.fields, kPodPhase); }
bool pod_finished(const Record &r) { return pod_phase(r) == "Succeeded" || pod_phase(r) == "Failed"; }
bool pod_ready(const Record &r) { return !value_at(r.fields, kPodReady).empty(); }
Resources pod_requests(const Record &r) { return from_index(value_at(r.fields, kPodRequests)); }

const Kind &pod_kind() {
    static const Pod kind;
    return kind;
}

} // namespace cluster_local
