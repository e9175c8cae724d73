#include "daemon/plugin_updates.hpp"

#include <algorithm>

namespace rigger::daemon {
namespace {

const std::string &text(const std::string &name) { return name; }
const std::string &text(const SourceName &name) { return name.value; }

/// Calls gone(name) for ports of `before` that are not in `after`, came(port) for those of `after` that are not in
/// `before`.
template <typename Ports, typename Gone, typename Came>
void difference(const Ports &before, const Ports &after, Gone gone, Came came) {
    const auto holds = [](const Ports &ports, const typename Ports::value_type &port) {
        return std::find(ports.begin(), ports.end(), port) != ports.end();
    };
    for (const auto &port : before)
        if (!holds(after, port)) gone(text(port->name()));
    for (const auto &port : after)
        if (!holds(before, port)) came(port);
}

/// Every scorer speaks of every source's offers; the first value scorer of a source counts.
std::vector<placement::ScorerBinding> bindings(const std::vector<std::shared_ptr<PlacementScorer>> &scorers) {
    std::vector<placement::ScorerBinding> bound;
    for (const auto &scorer : scorers) bound.push_back({scorer, {}});
    return bound;
}

} // namespace

std::vector<std::string> idle_value_scorers(const host::LivePorts &ports) {
    std::vector<std::string> idle;
    const PlacementScorer *first = nullptr;
    for (const auto &scorer : ports.scorers) {
        if (scorer->traits().role != ScoreRole::value) continue;
        if (first)
            idle.push_back("value scorer '" + scorer->traits().name + "' counts for nothing: '" + first->traits().name +
                           "' comes before it. Disable that one, or enable this one with a lower --order");
        else first = scorer.get();
    }
    return idle;
}

ControlPlugins PluginUpdates::begin(host::LivePortsPtr ports) {
    const std::lock_guard lock(mutex_);
    known_ = std::move(ports);
    return {known_->sources, known_->backends, known_->reconcilers, bindings(known_->scorers)};
}

Status PluginUpdates::apply(host::LivePortsPtr ports) {
    const std::lock_guard lock(mutex_);
    if (!known_ || ports->generation <= known_->generation) return {};
    difference(
        known_->sources, ports->sources, [&](auto &name) { control_.remove_source(name); },
        [&](auto &port) { control_.add_source(port); });
    difference(
        known_->backends, ports->backends, [&](auto &name) { control_.remove_backend(name); },
        [&](auto &port) { control_.add_backend(port); });
    difference(
        known_->reconcilers, ports->reconcilers, [&](auto &name) { control_.remove_reconciler(name); },
        [&](auto &port) { control_.add_reconciler(port); });
    Status scored;
    if (known_->scorers != ports->scorers) scored = control_.set_scorers(bindings(ports->scorers));
    known_ = std::move(ports);
    return scored;
}

} // namespace rigger::daemon
