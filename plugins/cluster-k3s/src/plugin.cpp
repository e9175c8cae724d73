// Many single-node clusters, one kubeconfig context each: the contexts of one merged kubeconfig, or the files of a directory.
#include <kube/settings.hpp>
#include <rigger/sdk/plugin.hpp>

namespace {

constexpr const char *kSchema = R"({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,
"properties":{"kubeconfig":{"type":"string","minLength":1,"description":"Path of a merged kubeconfig: every context is a cluster of that name. Looked at again every 2 s."},
"directory":{"type":"string","minLength":1,"description":"A directory of kubeconfigs: every file is a cluster named like the file without its extension. Looked at again every 2 s."},)"
                                KUBE_SETTINGS_SCHEMA "}}";

class K3s final : public kube::FleetBackend {
public:
    K3s(rig::Host host, std::string_view config) : FleetBackend(host), config_(config) {}

protected:
    rig::Result<std::unique_ptr<kube::Roster>> roster() override {
        const std::string merged = kube::config_text(config_, "kubeconfig"), directory = kube::config_text(config_, "directory");
        if (merged.empty() == directory.empty()) return rig::Error{RIG_E_INVALID, "ConfigValue", "give either kubeconfig (a merged file) or directory (of kubeconfigs)", 0};
        return merged.empty() ? kube::directory_roster(directory) : kube::merged_roster(merged);
    }
    kube::FleetSettings settings() override { return kube::read_settings(config_); }

private:
    const std::string config_;
};

constexpr const char *kNeeds[] = {RIG_SERVICE_CLOCK, RIG_SERVICE_TIMERS, RIG_SERVICE_LOG "?", nullptr};
constexpr rig_component kComponent = rig::backend<K3s>("rig.cluster-k3s", "Many single-node Kubernetes clusters", kSchema, RIG_COMPONENT_CONCURRENT, kNeeds);
} // namespace

RIG_PLUGIN(RIG_PLUGIN_ID, RIG_PLUGIN_VERSION, &kComponent);
