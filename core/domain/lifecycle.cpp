#include "domain/lifecycle.hpp"

namespace rigger {

bool may_move(Phase from, Phase to) noexcept {
    if (from == Phase::gone) return false;
    if (from == Phase::terminating) return to == Phase::gone;
    return to != Phase::gone && to > from;
}

Deployment moved(Deployment d, Phase to, WallTime now) {
    d.phase = to;
    d.phase_since = now;
    return d;
}

Deployment ended(Deployment d, const Ending &ending, WallTime now) {
    d.end_cause = ending.cause;
    d.end_reason = ending.reason;
    d.operator_wish = ending.operator_wish;
    d.terminating_since = now;
    return moved(std::move(d), Phase::terminating, now);
}

Deployment with_instance(Deployment d, const InstanceFacts &facts, WallTime now) {
    if (!facts.instance.empty()) d.instance = facts.instance;
    if (!d.live()) return d;
    // Before its objects exist a deployment only learns facts; the deployer carries it to `created` first.
    const bool running = d.phase >= Phase::created;
    Phase reached = d.instance.empty() ? d.phase : Phase::registered;
    if (facts.verified || facts.active) {
        if (!d.verified_at) d.verified_at = facts.verified_at.value_or(now);
        reached = Phase::verified;
    }
    if (facts.active) {
        if (!d.activated_at) d.activated_at = now;
        reached = Phase::active;
    }
    if (running && may_move(d.phase, reached)) return moved(std::move(d), reached, now);
    return d;
}

} // namespace rigger
