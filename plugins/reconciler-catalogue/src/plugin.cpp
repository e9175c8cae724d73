#include "reconciler.hpp"

#include <rigger/sdk/plugin.hpp>

namespace {
const rig_component component = rig::reconciler<catalogue::CatalogueReconciler>(
    "rig.reconciler-catalogue", "Follows the market's list", catalogue::config_schema,
    RIG_COMPONENT_CONCURRENT | RIG_COMPONENT_PURE);
}

RIG_PLUGIN(RIG_PLUGIN_ID, RIG_PLUGIN_VERSION, &component);
