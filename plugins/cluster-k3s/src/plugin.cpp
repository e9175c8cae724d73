// Many single-node clusters, one kubeconfig context each: the contexts of one merged kubeconfig, the files of a
// directory, or the rows of table servers.
#include "servers_table.hpp"

#include <kube/settings.hpp>
#include <rigger/sdk/plugin.hpp>
#include <unistd.h>

#include <cerrno>

namespace {

constexpr const char *kSchema =
    R"({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,
"properties":{"kubeconfig":{"type":"string","minLength":1,"description":"Path of a merged kubeconfig: every context is a cluster of that name. Looked at again every 2 s."},
"directory":{"type":"string","minLength":1,"description":"A directory of kubeconfigs: every file is a cluster named like the file without its extension. Looked at again every 2 s."},
"database":{"type":"string","minLength":1,"description":"An SQLite database with the table servers, such as the daemon's own: every row with a kubeconfig is a cluster named like the server. Looked at again every 2 s."},)" KUBE_SETTINGS_SCHEMA
    "}}";

class K3s final : public kube::FleetBackend {
public:
    K3s(rig::Host host, std::string_view config) : FleetBackend(host), config_(config) {}

    rig::Status check() override {
        const std::string database = kube::config_text(config_, "database");
        // The daemon makes its own at its first start.
        if (!database.empty() && ::access(database.c_str(), F_OK) != 0 && errno == ENOENT) return {};
        return FleetBackend::check();
    }

protected:
    rig::Result<std::unique_ptr<kube::Roster>> roster() override {
        const std::string merged = kube::config_text(config_, "kubeconfig"),
                          directory = kube::config_text(config_, "directory"),
                          database = kube::config_text(config_, "database");
        if (int{!merged.empty()} + int{!directory.empty()} + int{!database.empty()} != 1)
            return rig::Error{RIG_E_INVALID, "ConfigValue",
                              "give one of kubeconfig (a merged file), directory (of kubeconfigs) and database (with "
                              "the table servers)",
                              0};
        if (!database.empty()) return k3s::servers_table_roster(database);
        return merged.empty() ? kube::directory_roster(directory) : kube::merged_roster(merged);
    }
    kube::FleetSettings settings() override {
        kube::FleetSettings read = kube::read_settings(config_);
        read.every_node_serves = true;
        return read;
    }

private:
    const std::string config_;
};

constexpr const char *kNeeds[] = {RIG_SERVICE_CLOCK, RIG_SERVICE_TIMERS, RIG_SERVICE_LOG "?", nullptr};
constexpr rig_component kComponent = rig::backend<K3s>("rig.cluster-k3s", "Many single-node Kubernetes clusters",
                                                       kSchema, RIG_COMPONENT_CONCURRENT, kNeeds);
} // namespace

RIG_PLUGIN(RIG_PLUGIN_ID, RIG_PLUGIN_VERSION, &kComponent);
