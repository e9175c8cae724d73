#include "control/autoscaler.hpp"

#include "control/deployer.hpp"
#include "control/publisher.hpp"

#include <algorithm>

namespace rigger::autoscaler {
namespace {

constexpr Duration plan_timeout = std::chrono::seconds(30);

/// A plan over a market or a fleet that nobody can see would only fill failure memory.
bool sighted(const State &state) {
    const bool market = std::any_of(state.sources.begin(), state.sources.end(), [](const auto &s) {
        return s.second.attached && s.second.offers_listing.freshness().complete;
    });
    const bool fleet = std::any_of(state.clusters.begin(), state.clusters.end(),
                                   [](const auto &c) { return c.second.nodes.listing.freshness().complete; });
    return market && fleet;
}

bool may_place(const Turn &turn, const placement::Placement &p) {
    const auto source = turn.state.sources.find(p.offer->source);
    if (source == turn.state.sources.end() || !source->second.offers_listing.freshness().complete) return false;
    const auto cluster = turn.state.clusters.find(p.server->cluster);
    if (cluster == turn.state.clusters.end() || !cluster->second.nodes.listing.freshness().complete) return false;
    const auto backoff = turn.state.backoffs.find(p.offer->id);
    return backoff == turn.state.backoffs.end() || backoff->second.ends <= turn.mono;
}

} // namespace

std::optional<MonoTime> due(const State &state, const ControlConfig &config) {
    if (!config.automatic_placement || state.plan.running || state.commits.failing || !sighted(state))
        return std::nullopt;
    if (!state.plan.ever) return state.plan.dirty_since + config.plan_debounce;
    const MonoTime periodic = state.plan.last_start + config.plan_period;
    if (!state.plan.dirty) return periodic;
    return std::min(periodic, std::max(state.plan.dirty_since + config.plan_debounce,
                                       state.plan.last_start + config.plan_min_interval));
}

void run_if_due(Turn &turn) {
    const auto when = due(turn.state, turn.config);
    if (!when || *when > turn.mono) return;
    PlanState &plan = turn.state.plan;
    plan.dirty = false;
    plan.ever = true;
    plan.last_start = plan.started = turn.mono;
    turn.state.status.plan.running = true;
    std::erase_if(turn.state.backoffs, [&](const auto &entry) {
        if (entry.second.ends > turn.mono) return false;
        turn.write(DeleteBackoff{entry.first});
        return true;
    });
    plan.running = turn.launch(PlanEffect{publish(turn)->snapshot}, plan_timeout);
}

void on_planned(Turn &turn, const EffectDone &done) {
    PlanState &plan = turn.state.plan;
    if (plan.running != done.id) return;
    plan.running = 0;
    LoopFigures &figures = turn.state.status.plan;
    ++figures.runs;
    figures.running = false;
    figures.last_run = turn.wall;
    figures.last_duration = turn.mono - plan.started;
    figures.last_error.clear();
    turn.metrics.loop("plan", in_seconds(figures.last_duration), done.result.ok());
    turn.touch();
    if (!done.result) {
        ++figures.failures;
        figures.last_error = done.result.error().message;
        turn.problem("placement",
                     "planning failed: " + done.result.error().message + "; nothing is placed until it works again");
        return;
    }
    const auto *planned = std::get_if<Planned>(&*done.result);
    if (!planned || !turn.config.automatic_placement) return;
    for (const placement::ScorerFault &fault : planned->plan.faults)
        turn.problem("placement", "scorer " + fault.scorer + " abstained: " + fault.error.message);
    size_t started = 0;
    for (const placement::Placement &p : planned->plan.placements) {
        if (started == turn.config.max_starts_per_plan) {
            turn.replan(); // the rest comes with the next one
            break;
        }
        const OfferPtr offer = turn.offer(p.offer->source, p.offer->id);
        const ServerPtr server = turn.server(p.server->id);
        if (!offer || !server || !may_place(turn, p)) continue;
        const auto begun = deployer::start(turn, {offer, server, p.gpus, p.reason(), "placement"});
        if (begun) ++started;
        else // The world moved on since the plan was made.
            turn.log.write(LogLevel::debug, "placement",
                           "not placed: " + offer->name + " on " + server->name + ": " + begun.error().message);
    }
}

} // namespace rigger::autoscaler
