// core/domain/ports/reconciler.hpp -- proposes actions; the safety gate and the control loop decide.
#pragma once
#include "base/status.hpp"
#include "domain/ports/call.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace rigger {

struct ProposedAction {
    std::string id;       ///< equal for the same action in every pass
    std::string document; ///< {"verb","target","cause","reason","evidence","views"}
};

struct Reconciliation {
    std::vector<ProposedAction> actions;
    uint64_t requeue_after_ns = 0;
};

class Reconciler {
public:
    virtual ~Reconciler() = default;
    virtual const std::string &name() const = 0;
    virtual const std::vector<std::string> &watches() const = 0; ///< "deployment" | "source" | "cluster"
    virtual Result<Reconciliation> reconcile(const CallContext &, std::string_view key, std::string_view desired,
                                             std::string_view observed) = 0;
};

} // namespace rigger
