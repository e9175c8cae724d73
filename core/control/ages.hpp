// core/control/ages.hpp -- how old deployments and deletions are, over restarts and over clocks that are set.
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

/// How long ago each deletion was that counts against the budget. What passed after that note does not count at all: a
/// daemon that restarts again and again gets no new budget by it, and no clock can give it one.
std::vector<Duration> deletions(const std::map<std::string, std::string> &checkpoints);

/// Brings the times on record into agreement with the age that counts, while anything depends on it: a deployment that
/// has not become active, or is so young that its end would be a failure.
void carry_over(Turn &turn, Track &track);

/// The daemon did not run for so long: that counts as time without one does.
void sleep_over(Turn &turn, Duration span);

/// Puts on record where the wall clock stands, and how old the deletions are.
void note(Turn &turn);
void note_if_due(Turn &turn);
std::optional<MonoTime> note_due(const State &state);

} // namespace rigger::ages
