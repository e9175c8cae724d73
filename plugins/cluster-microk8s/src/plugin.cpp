// One Kubernetes cluster with many nodes: its kubeconfig, or the pod's own service account.
#include <kube/settings.hpp>
#include <rigger/sdk/plugin.hpp>

namespace {

constexpr const char *kSchema =
    R"({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,
"properties":{"cluster":{"type":"string","minLength":1,"maxLength":63,"default":"microk8s","description":"The cluster's name in rigger."},
"kubeconfig":{"type":"string","minLength":1,"description":"Path of the kubeconfig; looked at again every 2 s."},
"context":{"type":"string","minLength":1,"description":"The context to use; without it the kubeconfig's current one."},
"inCluster":{"type":"boolean","default":false,"description":"Use the service account of the pod that riggerd runs in, instead of a kubeconfig."},)" KUBE_SETTINGS_SCHEMA
    "}}";

class Microk8s final : public kube::FleetBackend {
public:
    Microk8s(rig::Host host, std::string_view config) : FleetBackend(host), config_(config) {}

protected:
    rig::Result<std::unique_ptr<kube::Roster>> roster() override {
        const std::string name = kube::config_text(config_, "cluster"), path = kube::config_text(config_, "kubeconfig");
        const bool inside = kube::config_flag(config_, "inCluster");
        if (inside == !path.empty())
            return rig::Error{RIG_E_INVALID, "ConfigValue", "give either kubeconfig (a path) or inCluster: true", 0};
        const std::string called = name.empty() ? "microk8s" : name;
        if (inside) return kube::in_cluster_roster(called, "/var/run/secrets/kubernetes.io/serviceaccount");
        return kube::single_roster(called, path, kube::config_text(config_, "context"));
    }
    kube::FleetSettings settings() override { return kube::read_settings(config_); }

private:
    const std::string config_;
};

constexpr const char *kNeeds[] = {RIG_SERVICE_CLOCK, RIG_SERVICE_TIMERS, RIG_SERVICE_LOG "?", nullptr};
constexpr rig_component kComponent =
    rig::backend<Microk8s>("rig.cluster-microk8s", "One Kubernetes cluster", kSchema, RIG_COMPONENT_CONCURRENT, kNeeds);
} // namespace

RIG_PLUGIN(RIG_PLUGIN_ID, RIG_PLUGIN_VERSION, &kComponent);
