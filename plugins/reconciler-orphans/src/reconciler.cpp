#include "reconciler.hpp"

#include <reconcile/settings.hpp>

#include <nlohmann/json.hpp>

namespace orphans {

const char *const config_schema = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "minAgeSeconds": {"type": "number", "minimum": 0, "maximum": 86400, "default": 60, "description": "younger objects and instances may be ahead of our records"},
    "viewMaxAgeSeconds": {"type": "number", "minimum": 1, "maximum": 86400, "default": 90, "description": "an older view is no ground to remove anything"},
    "maxOrphanShare": {"type": "number", "minimum": 0, "maximum": 1000, "default": 0.5, "description": "orphans per known deployment; more than that are taken for a lost store"},
    "maxOrphanFew": {"type": "number", "minimum": 0, "maximum": 1000000, "default": 3, "description": "so many are believed whatever their share"}
  }
})";

OrphanReconciler::OrphanReconciler(rig::Host host, std::string_view config)
    : host_(host), problem_(reconcile::read_numbers(config, "reconciler-orphans",
                                                    {{"minAgeSeconds", &limits_.min_age, 0, 86400},
                                                     {"viewMaxAgeSeconds", &limits_.view_max_age, 1, 86400},
                                                     {"maxOrphanShare", &limits_.share, 0, 1000},
                                                     {"maxOrphanFew", &limits_.few, 0, 1e6}})) {}

rig::Result<uint64_t> OrphanReconciler::reconcile(rig::Call, std::string_view key, std::string_view desired,
                                                  std::string_view observed, const rig::Actions &actions) {
    Verdict verdict;
    const auto document = nlohmann::json::parse(observed, nullptr, false);
    if (document.is_object() && document.contains("objects")) {
        auto facts = ::reconcile::read_cluster(desired, observed);
        if (!facts.ok()) return facts.error();
        verdict = judge_cluster(std::string(key), *facts, limits_);
    } else {
        auto facts = ::reconcile::read_source(desired, observed);
        if (!facts.ok()) return facts.error();
        verdict = judge_source(std::string(key), *facts, limits_);
    }
    if (!verdict.held.empty()) host_.log(rig::Level::error, std::string(key) + ": " + verdict.held);
    if (auto status = ::reconcile::propose(verdict.actions, actions); !status.ok()) return status.error();
    return uint64_t{0};
}

} // namespace orphans
