#include "reconciler.hpp"

#include <reconcile/settings.hpp>

namespace catalogue {

const char *const config_schema = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "viewMaxAgeSeconds": {"type": "number", "minimum": 1, "maximum": 86400, "default": 90, "description": "an older view of the market proves no absence"},
    "graceSeconds": {"type": "number", "minimum": 0, "maximum": 86400, "default": 60, "description": "a deployment must be that much older than the listing that misses its offer"},
    "maxMissingShare": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.5, "description": "share of the stored offers; when more are missing at once the market counts as cut"},
    "maxMissingFew": {"type": "number", "minimum": 0, "maximum": 1000000, "default": 10, "description": "so many may be missing whatever their share"}
  }
})";

CatalogueReconciler::CatalogueReconciler(rig::Host host, std::string_view config)
    : host_(host), problem_(reconcile::read_numbers(config, "reconciler-catalogue",
                                                    {{"viewMaxAgeSeconds", &limits_.view_max_age, 1, 86400},
                                                     {"graceSeconds", &limits_.grace, 0, 86400},
                                                     {"maxMissingShare", &limits_.missing_share, 0, 1},
                                                     {"maxMissingFew", &limits_.missing_few, 0, 1e6}})) {}

rig::Result<uint64_t> CatalogueReconciler::reconcile(rig::Call, std::string_view key, std::string_view desired,
                                                     std::string_view observed, const rig::Actions &actions) {
    auto facts = ::reconcile::read_source(desired, observed);
    if (!facts.ok()) return facts.error();
    const Verdict verdict = judge(std::string(key), *facts, limits_);
    if (!verdict.held.empty())
        host_.log(rig::Level::error, // so that `rigger status` shows it
                  "source " + std::string(key) + ": offers are missing and nothing follows from it: " + verdict.held);
    if (auto status = ::reconcile::propose(verdict.actions, actions); !status.ok()) return status.error();
    return uint64_t{0};
}

} // namespace catalogue
