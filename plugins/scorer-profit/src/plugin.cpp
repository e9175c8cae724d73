#include "profit.hpp"

#include <rigger/sdk/plugin.hpp>

namespace {
const rig_component component = rig::scorer<profit::ProfitScorer>(
    "rig.scorer-profit", "Value per dollar", profit::config_schema, RIG_COMPONENT_CONCURRENT | RIG_COMPONENT_PURE);
}

RIG_PLUGIN(RIG_PLUGIN_ID, RIG_PLUGIN_VERSION, &component);
