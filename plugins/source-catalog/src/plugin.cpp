#include "source.hpp"

#include <rigger/sdk/plugin.hpp>

namespace {
constexpr const char *needs[] = {RIG_SERVICE_LOG, RIG_SERVICE_CLOCK, RIG_SERVICE_TIMERS "?", RIG_SERVICE_STORE "?",
                                 nullptr};
const rig_component component = rig::source<catalog::CatalogueSource>(
    "rig.source-catalog", "A market from files", catalog::config_schema, RIG_COMPONENT_CONCURRENT, needs);
} // namespace

RIG_PLUGIN(RIG_PLUGIN_ID, RIG_PLUGIN_VERSION, &component);
