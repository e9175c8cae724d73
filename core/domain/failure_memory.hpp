// core/domain/failure_memory.hpp -- what died young is avoided for a while. Pure functions over marks; the store keeps
// them over restarts.
#pragma once
#include "base/time.hpp"
#include "domain/deployment.hpp"
#include "domain/snapshot.hpp"

#include <vector>

namespace rigger {

struct FailureSpans {
    Duration young = std::chrono::minutes(16); ///< an end within this span of the creation is a failure
    Duration memory = std::chrono::hours(1);   ///< how long a mark stands
};

/// Did this deployment die young? Never by an operator's wish. Otherwise: it ended within `young` of its creation (also
/// when a clock that went back makes the age negative), or it never got as far as an instance of the source: a claim or
/// a deploy that failed, at any age.
bool died_young(const Deployment &deployment, WallTime deleted_at, const FailureSpans &spans);

/// The marks of a deployment that is gone: none, or two: the offer everywhere, and the offer on that server.
std::vector<FailureMark> failure_marks(const Deployment &deployment, WallTime deleted_at, const FailureSpans &spans);

/// Does the mark stand at `now`? A mark of which more than twice its span is left comes from a clock that went back,
/// and has lapsed.
bool stands(const FailureMark &mark, WallTime now) noexcept;

/// `marks` with `fresh` added: one mark per (offer, server), the one deleted last; those that have lapsed are dropped.
/// Sorted by offer, server.
std::vector<FailureMark> remember(std::vector<FailureMark> marks, const std::vector<FailureMark> &fresh, WallTime now);

} // namespace rigger
