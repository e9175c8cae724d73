// core/host/registry_entry.hpp -- what the registry knows of one enabled instance. Internal to registry*.cpp.
#pragma once
#include "host/kinds/adapters.hpp"
#include "host/loader.hpp"
#include "host/registry.hpp"

#include <memory>
#include <string>
#include <variant>

namespace rigger::host {

/// The port of a running instance, by kind.
struct Port {
    std::shared_ptr<ValidatorSource> source;
    std::shared_ptr<ClusterBackend> backend;
    std::shared_ptr<PlacementScorer> scorer;
    std::shared_ptr<Reconciler> reconciler;
    std::shared_ptr<Frontend> frontend;
};
/// Makes the port of a created instance; checks what only the kind can tell. Errors: "TableIncomplete",
/// "ColumnUnknown".
Result<Port> make_port(const std::shared_ptr<Instance> &instance);

struct Entry {
    FoundInstance found;
    std::string fingerprint; ///< of the file and the manifest: a change means a restart
    // Guarded by the registry's data mutex:
    PluginRow row; ///< what is known without an instance: id, version, kind, digest, origin, state, error
    std::shared_ptr<Instance> instance;
    Port port;
    Duration backoff{0}; ///< before the next try of a failed start
    uint64_t retry_timer = 0;
};

/// What an operator should type after a refusal for this reason.
std::string next_after_refusal(std::string_view reason, const PluginRow &row);

/// The row as it is now, with the instance's account and the operator's next command.
PluginRow row_of(const Entry &entry);

} // namespace rigger::host
