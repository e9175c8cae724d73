// core/control/reconcile_driver.hpp -- when reconcilers run, over what, and what becomes of their proposals.
#pragma once
#include "control/turn.hpp"

#include <optional>

namespace rigger::reconcile {

std::optional<MonoTime> due(const State &state, const ControlConfig &config);
void run_if_due(Turn &turn);
/// An operator asked for one synchronisation and one pass: ports list anew, the pass follows when they have, or after a
/// while.
void recycle(Turn &turn, const Command &command, const RecycleRequest &asked);
void on_reconciled(Turn &turn, const EffectDone &done);

} // namespace rigger::reconcile
