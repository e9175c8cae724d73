#include "cli/replay/scorer_house.hpp"

#include "cli/replay/workplace.hpp"
#include "domain/replay/chance.hpp"
#include "engine/clock/system_clock.hpp"
#include "engine/metrics/prometheus.hpp"

#include <map>

namespace rigger::cli::replay {
namespace {

std::string instance_name(size_t contestant, size_t scorer, size_t worker) {
    return "c" + std::to_string(contestant) + "-s" + std::to_string(scorer) + "-w" + std::to_string(worker);
}

/// A replay that goes on without its scorer would show something else: no breaker, and time enough on a busy machine.
std::string instance_file(const ScorerSpec &spec) {
    std::string text = "plugin: " + spec.plugin + "\nweight: " + std::to_string(spec.weight) +
                       "\non_failure: closed\nrequired: true\nlimits:\n  score: { soft: 5s, hard: 30s }\n";
    if (!spec.policy.empty()) text += "config:\n  policy: " + spec.policy + "\n";
    return text;
}

} // namespace

struct ScorerHouse::Parts {
    std::vector<Contestant> contestants;
    Workplace workplace;
    SystemClock clock;
    std::unique_ptr<MetricsRegistry> metrics = make_metrics_registry();
    std::unique_ptr<host::Registry> registry;
    std::map<std::string, std::shared_ptr<PlacementScorer>> by_name;
};

ScorerHouse::ScorerHouse(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
ScorerHouse::~ScorerHouse() {
    parts_->by_name.clear();
    if (parts_->registry) parts_->registry->stop();
}

Result<std::unique_ptr<ScorerHouse>> ScorerHouse::open(const std::vector<Contestant> &contestants,
                                                       const HouseOptions &options) {
    auto parts = std::make_unique<Parts>();
    parts->contestants = contestants;
    RIG_TRY(parts->workplace.status());
    for (size_t c = 0; c < contestants.size(); ++c)
        for (size_t s = 0; s < contestants[c].scorers.size(); ++s) {
            if (contestants[c].scorers[s].plugin == "random") continue;
            for (size_t w = 0; w < options.workers; ++w)
                parts->workplace.enable(instance_name(c, s, w), instance_file(contestants[c].scorers[s]));
        }
    host::HostServices services;
    services.clock = &parts->clock;
    services.metrics = parts->metrics.get();
    services.log = no_log();
    RIG_TRY_ASSIGN(parts->registry, host::Registry::open(parts->workplace.registry(options), services));
    RIG_TRY(parts->registry->start());
    for (const auto &scorer : parts->registry->live()->scorers) parts->by_name.emplace(scorer->traits().name, scorer);
    return std::unique_ptr<ScorerHouse>(new ScorerHouse(std::move(parts)));
}

std::vector<placement::ScorerBinding> ScorerHouse::scorers(size_t contestant, size_t worker, uint64_t seed) const {
    std::vector<placement::ScorerBinding> bindings;
    const auto &specs = parts_->contestants[contestant].scorers;
    for (size_t s = 0; s < specs.size(); ++s) {
        if (specs[s].plugin == "random")
            bindings.push_back({rigger::replay::make_chance_scorer(seed, specs[s].weight), {}});
        else if (const auto at = parts_->by_name.find(instance_name(contestant, s, worker));
                 at != parts_->by_name.end())
            bindings.push_back({at->second, {}});
    }
    return bindings;
}

} // namespace rigger::cli::replay
