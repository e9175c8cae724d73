#include "fragmentation.hpp"

#include <rigger/sdk/plugin.hpp>

namespace {
constexpr rig_component component = rig::scorer<fragmentation::FragmentationScorer>(
    "rig.scorer-fragmentation", "Expected refill", R"({"type":"object","additionalProperties":false})",
    RIG_COMPONENT_PURE);
}

RIG_PLUGIN(RIG_PLUGIN_ID, RIG_PLUGIN_VERSION, &component);
