// core/control/recovery.hpp -- from the durable state of a previous run to a state that goes on with its work.
#pragma once
#include "control/turn.hpp"

namespace rigger {

/// Takes everything over and begins the next step of each deployment that is not finished. Into an empty state, before
/// any message. `recent`: the newest journal entries, so that events repeated by a source are recognised.
void recover(Turn &turn, PersistentState persisted, const std::vector<JournalEntry> &recent);

} // namespace rigger
