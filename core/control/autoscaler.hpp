// core/control/autoscaler.hpp -- when to plan, and how a plan becomes deployments.
#pragma once
#include "control/turn.hpp"

#include <optional>

namespace rigger::autoscaler {

/// When the next plan is due; nullopt: not before something changes.
std::optional<MonoTime> due(const State &state, const ControlConfig &config);
/// Begins a plan if one is due. Publishes the state first, so that the plan sees all of it.
void run_if_due(Turn &turn);
void on_planned(Turn &turn, const EffectDone &done);

} // namespace rigger::autoscaler
