#include "packing.hpp"

#include <rigger/sdk/plugin.hpp>

namespace {
constexpr rig_component component = rig::scorer<packing::PackingScorer>(
    "rig.scorer-packing", "Best fit", R"({"type":"object","additionalProperties":false})",
    RIG_COMPONENT_CONCURRENT | RIG_COMPONENT_PURE);
}

RIG_PLUGIN(RIG_PLUGIN_ID, RIG_PLUGIN_VERSION, &component);
