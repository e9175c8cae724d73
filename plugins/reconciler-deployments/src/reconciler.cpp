#include "reconciler.hpp"

#include <reconcile/settings.hpp>

namespace deployments {

const char *const config_schema = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "stubSeconds": {"type": "number", "minimum": 60, "maximum": 604800, "default": 1800, "description": "planned or claimed without objects; used where the host states no limit"},
    "initSeconds": {"type": "number", "minimum": 60, "maximum": 604800, "default": 2100, "description": "objects without an instance; used where the host states no limit"},
    "verifySeconds": {"type": "number", "minimum": 60, "maximum": 604800, "default": 5400, "description": "an instance that is not verified"},
    "activateSeconds": {"type": "number", "minimum": 60, "maximum": 604800, "default": 5400, "description": "a verified instance that is not active"},
    "graceSeconds": {"type": "number", "minimum": 0, "maximum": 86400, "default": 60, "description": "how long after a change of phase its traces may be missing"},
    "viewMaxAgeSeconds": {"type": "number", "minimum": 1, "maximum": 86400, "default": 90, "description": "an older view proves no absence"}
  }
})";

DeploymentReconciler::DeploymentReconciler(rig::Host, std::string_view config)
    : problem_(reconcile::read_numbers(config, "reconciler-deployments",
                                       {{"stubSeconds", &limits_.stub, 60, 604800},
                                        {"initSeconds", &limits_.init, 60, 604800},
                                        {"verifySeconds", &limits_.verify, 60, 604800},
                                        {"activateSeconds", &limits_.activate, 60, 604800},
                                        {"graceSeconds", &limits_.grace, 0, 86400},
                                        {"viewMaxAgeSeconds", &limits_.view_max_age, 1, 86400}})) {}

rig::Result<uint64_t> DeploymentReconciler::reconcile(rig::Call, std::string_view, std::string_view desired,
                                                      std::string_view observed, const rig::Actions &actions) {
    auto facts = ::reconcile::read_deployment(desired, observed);
    if (!facts.ok()) return facts.error();
    const Verdict verdict = judge(*facts, limits_);
    if (verdict.action)
        if (auto status = ::reconcile::propose({*verdict.action}, actions); !status.ok()) return status.error();
    return static_cast<uint64_t>(verdict.look_again * 1e9);
}

} // namespace deployments
