// core/domain/replay/chance.hpp -- a preference by chance: the baseline that any scorer must beat.
#pragma once
#include "domain/ports/placement_scorer.hpp"

#include <memory>

namespace rigger::replay {

/// A new number in 0..1 for every pair and call; the same seed, the same numbers. Not pure, which no plugin may be,
/// hence here.
std::shared_ptr<PlacementScorer> make_chance_scorer(uint64_t seed, double weight = 1);

} // namespace rigger::replay
