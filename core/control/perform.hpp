// core/control/perform.hpp -- carries out one effect through the ports, on the calling thread. Blocking; thread-safe.
#pragma once
#include "control/effects.hpp"
#include "control/planner.hpp"
#include "domain/ports/call.hpp"
#include "domain/ports/cluster_backend.hpp"
#include "domain/ports/reconciler.hpp"
#include "domain/ports/validator_source.hpp"

#include <memory>
#include <string>
#include <vector>

namespace rigger {

/// The ports that are loaded now. Answers keep their port alive. Thread-safe.
class PortTable {
public:
    virtual ~PortTable() = default;
    virtual std::shared_ptr<ValidatorSource> source(const SourceName &name) const = 0; ///< nullptr: not loaded
    virtual std::shared_ptr<ClusterBackend> backend(const std::string &name) const = 0;
    virtual std::vector<std::shared_ptr<ClusterBackend>> backends() const = 0; ///< by name
    virtual std::vector<std::shared_ptr<Reconciler>> reconcilers() const = 0;
    virtual Planner &planner() const = 0;
};

/// Everything but RelistEffect and ReplyEffect, which are the runtime's own. A port that is not loaded: unavailable
/// (NotLoaded).
EffectDone perform(const Effect &effect, const PortTable &ports, const CallContext &call);

/// The pass of perform(): documents for every subject, every reconciler that watches it.
Reconciled perform_reconcile(const ReconcileEffect &effect, const std::vector<std::shared_ptr<Reconciler>> &reconcilers,
                             const CallContext &call);

} // namespace rigger
