// rules.hpp -- when a deployment has to end. First rule that holds wins; what none of them condemns, lives.
//
// Nothing is concluded from what is missing unless the view that would show it is complete, younger than viewMaxAge,
// and was taken at least `grace` after the deployment entered its phase. The host asks for a second observation on top.
// Pure. [any]
#pragma once
#include <reconcile/action.hpp>
#include <reconcile/facts.hpp>

#include <optional>
#include <vector>

namespace deployments {

/// Seconds.
struct Limits {
    double stub = 1800;     ///< planned or claimed, and still no object; the host's limit stands above it
    double init = 2100;     ///< objects, but no instance; the host's limit stands above it
    double verify = 5400;   ///< an instance that is not verified; the validator's own limit
    double activate = 5400; ///< verified, but not active; the validator's own limit
    double grace = 60;      ///< how long after a change of phase its traces may be missing
    double view_max_age = 90;
};

struct Verdict {
    std::optional<reconcile::Action> action;
    double look_again = 0; ///< seconds until an age limit may be reached; 0: none is near
};

Verdict judge(const reconcile::DeploymentFacts &facts, const Limits &limits);

} // namespace deployments
