#include "baseline.hpp"

#include <rigger/sdk/plugin.hpp>

namespace {
const rig_component rule = rig::scorer<baseline::BaselineScorer>(
    "rig.scorer-baseline", "Published and plain placement rules", baseline::config_schema, RIG_COMPONENT_PURE);
}

RIG_PLUGIN(RIG_PLUGIN_ID, RIG_PLUGIN_VERSION, &rule);
