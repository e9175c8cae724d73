// core/domain/lifecycle.hpp -- the only ways a deployment's phase may change. Pure.
#pragma once
#include "base/time.hpp"
#include "domain/deployment.hpp"

#include <string>

namespace rigger {

/// Forward along planned..active (phases may be skipped), from any live phase to terminating, from terminating to gone.
bool may_move(Phase from, Phase to) noexcept;

/// The deployment in its next phase, stamped. Precondition: may_move(d.phase, to).
Deployment moved(Deployment d, Phase to, WallTime now);

struct Ending {
    std::string cause;  ///< machine token
    std::string reason; ///< a sentence
    bool operator_wish = false;
    std::string by = {}; ///< who commanded it, or a pass that led to it; empty: nobody. For the journal alone
};
/// The deployment as it begins to end. Precondition: d.live().
Deployment ended(Deployment d, const Ending &ending, WallTime now);

/// What the source says of an instance, folded into the deployment: instance id, verified_at, activated_at and the
/// phase they imply. Never goes back; the times of a first occurrence stay. Ended deployments only learn the instance
/// id.
struct InstanceFacts {
    InstanceId instance;
    bool verified = false, active = false;
    std::optional<WallTime> verified_at;
};
Deployment with_instance(Deployment d, const InstanceFacts &facts, WallTime now);

} // namespace rigger
