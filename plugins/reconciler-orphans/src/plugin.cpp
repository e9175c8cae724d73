#include "reconciler.hpp"

#include <rigger/sdk/plugin.hpp>

namespace {
const rig_component component =
    rig::reconciler<orphans::OrphanReconciler>("rig.reconciler-orphans", "Removes what belongs to no deployment",
                                               orphans::config_schema, RIG_COMPONENT_CONCURRENT | RIG_COMPONENT_PURE);
}

RIG_PLUGIN(RIG_PLUGIN_ID, RIG_PLUGIN_VERSION, &component);
