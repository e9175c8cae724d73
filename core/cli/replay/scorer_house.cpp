#include "cli/replay/scorer_house.hpp"

#include "cli/replay/workplace.hpp"
#include "domain/replay/chance.hpp"
#include "engine/clock/system_clock.hpp"
#include "engine/metrics/prometheus.hpp"

#include <algorithm>
#include <map>

namespace rigger::cli::replay {
namespace {

std::string instance_name(size_t contestant, size_t scorer, size_t worker) {
    return "c" + std::to_string(contestant) + "-s" + std::to_string(scorer) + "-w" + std::to_string(worker);
}

/// A replay that goes on without its scorer would show something else: no breaker, and time enough on a busy machine.
std::string instance_file(const ScorerSpec &spec) {
    std::string text = "plugin: " + spec.plugin + "\nweight: " + std::to_string(spec.weight) +
                       "\non_failure: closed\nlimits:\n  score: { soft: 5s, hard: 30s }\n";
    if (!spec.policy.empty()) text += "config:\n  policy: " + spec.policy + "\n";
    return text;
}

constexpr std::string_view scorer_kind = "rig.placement-scorer/1", own_prefix = "rig.";

bool is_scorer(const host::FoundPackage &package) {
    if (!package.manifest.ok()) return false;
    const auto &components = package.manifest->components;
    return std::any_of(components.begin(), components.end(), [](const auto &c) { return c.kind == scorer_kind; });
}

Error wrong_scorer(const std::string &reason, const Contestant &contestant, const std::string &what) {
    return invalid(reason, contestant.option + " " + contestant.label + ": " + what);
}

/// "ScorerUnknown", with what there is, for a name that no installed scorer has.
Status check_installed(const std::vector<Contestant> &contestants, const HouseOptions &options) {
    std::string known = "random", places;
    const auto packages = host::find_packages(options.plugin_dirs);
    for (const auto &package : packages)
        if (is_scorer(package)) {
            const std::string &id = package.manifest->id;
            known += ", " + (id.starts_with(own_prefix) ? id.substr(own_prefix.size()) : id);
        }
    for (const auto &dir : options.plugin_dirs) places += (places.empty() ? "" : ", ") + dir.string();
    for (const Contestant &contestant : contestants)
        for (const ScorerSpec &spec : contestant.scorers) {
            const auto *package = host::find_package(packages, spec.plugin);
            if (spec.plugin == "random" || (package && is_scorer(*package))) continue;
            return wrong_scorer(
                "ScorerUnknown", contestant,
                (package ? "'" + spec.plugin + "' is not a scorer" : "there is no '" + spec.plugin + "'") +
                    "; scorers in " + (places.empty() ? "no directory" : places) + ": " + known);
        }
    return {};
}

/// What the host says of an instance, without the file that was written for it.
std::string without_file(std::string text, const std::filesystem::path &root) {
    const size_t begin = text.find(root.string());
    if (const size_t end = text.find(": ", begin); begin != text.npos && end != text.npos)
        text.erase(begin, end + 2 - begin);
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
    RIG_TRY(check_installed(contestants, options));
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
    const auto rows = parts->registry->status();
    for (size_t c = 0; c < contestants.size(); ++c)
        for (size_t s = 0; s < contestants[c].scorers.size(); ++s)
            for (const host::PluginRow &row : rows)
                if (row.name == instance_name(c, s, 0) && row.state != host::PluginState::running)
                    return wrong_scorer("ScorerRefused", contestants[c],
                                        without_file(row.last_error, parts->workplace.root));
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
