// core/control/ages.hpp -- how old deployments are, over restarts and over clocks that are set.
//
// Within a run the monotonic clock tells. The records hold wall times; for their differences to stay true ages, the
// wall clock is noted on record every few minutes, and the times of what is not settled yet are carried along when it
// is set.
#pragma once
#include "control/turn.hpp"

#include <map>
#include <optional>
#include <string>

namespace rigger::ages {

/// Where the wall clock of the previous run stood last; the epoch: it did not say.
WallTime noted(const std::map<std::string, std::string> &checkpoints);
/// Time since `then`: up to where the clock was last noted as the records have it. What passed after that counts for
/// ten minutes at most: the daemon did not run or the clock was set, and meanwhile nobody looked.
Duration since(WallTime then, WallTime noted, WallTime now);

/// Brings the times on record into agreement with the age that counts, while anything depends on it: a deployment that
/// has not become active, or is so young that its end would be a failure.
void carry_over(Turn &turn, Track &track);

/// The daemon did not run for so long: that counts as time without one does.
void sleep_over(Turn &turn, Duration span);

void note(Turn &turn);
void note_if_due(Turn &turn);
std::optional<MonoTime> note_due(const State &state);

} // namespace rigger::ages
