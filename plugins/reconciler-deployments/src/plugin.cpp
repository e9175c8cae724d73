#include "reconciler.hpp"

#include <rigger/sdk/plugin.hpp>

namespace {
const rig_component component = rig::reconciler<deployments::DeploymentReconciler>(
    "rig.reconciler-deployments", "Ends deployments that are lost", deployments::config_schema,
    RIG_COMPONENT_CONCURRENT | RIG_COMPONENT_PURE);
}

RIG_PLUGIN(RIG_PLUGIN_ID, RIG_PLUGIN_VERSION, &component);
