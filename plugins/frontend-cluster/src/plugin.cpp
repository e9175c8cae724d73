// frontend-cluster: clusters, what is wrong with them, and the logs of what runs on them.
#include "commands.hpp"

#include <rigger/sdk/plugin.hpp>

namespace {

class ClusterCommands final : public rig::Frontend {
public:
    ClusterCommands(rig::Host host, std::string_view /*config*/) : control_(host) {}

    rig::Result<std::string> catalogue() override { return cluster_commands::catalogue(); }
    rig::Result<std::string> invoke(rig::Call call, std::string_view command, std::string_view arguments,
                                    std::string_view /*principal*/, rig::Sink progress) override {
        if (command == "clusters") return cluster_commands::clusters(control_, call);
        if (command == "cluster doctor") return cluster_commands::doctor(control_, call, arguments);
        if (command == "logs") return cluster_commands::logs(control_, call, arguments, progress);
        return rig::Error{RIG_E_NOT_FOUND, "UnknownCommand",
                          "this frontend has no command '" + std::string(command) + "'", 0};
    }

private:
    rig::Control control_;
};

constexpr const char *kNeeds[] = {RIG_SERVICE_CONTROL, nullptr};
constexpr rig_component kComponent = rig::frontend<ClusterCommands>(
    RIG_PLUGIN_ID, "Commands about clusters: clusters, cluster doctor, logs",
    R"({"type":"object","additionalProperties":false})", RIG_COMPONENT_CONCURRENT, kNeeds);

} // namespace

RIG_PLUGIN(RIG_PLUGIN_ID, RIG_PLUGIN_VERSION, &kComponent);
