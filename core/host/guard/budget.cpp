#include "host/guard/budget.hpp"

#include <rigger/abi/kinds.h>

#include <algorithm>

namespace rigger::host {
namespace {
using namespace std::chrono_literals;
constexpr Duration per_pair = 50ns;
constexpr Duration least_patience = 1s;
constexpr int hard_per_soft_score = 50;
constexpr int hard_per_soft_default = 3;

Limits starting_values(std::string_view kind) {
    Limits l;
    l.calls = {{"create", {5s, 30s}},
               {"start", {5s, 30s}},
               {"stop", {10s, 30s}},
               {"destroy", {5s, 30s}},
               {"task", {50ms, 5s}}};
    l.watch_breaker = {10, 100, 10min, 30s, 5min, 1};
    if (kind == RIG_KIND_PLACEMENT_SCORER) {
        l.slow = 4;
        l.calls["score"] = {1ms, 5s};
        l.calls["appraise"] = {5ms, 5s};
        l.calls["explain"] = {250ms, 5s};
    } else if (kind == RIG_KIND_RECONCILER) {
        l.calls["reconcile"] = {250ms, 5s};
    } else if (kind == RIG_KIND_VALIDATOR_SOURCE) {
        for (const char *call : {"claim", "render", "announce", "release", "publish", "challenge", "authenticate"})
            l.calls[call] = {2s, 15s};
        l.calls["watch"] = {Duration{0}, 15s};
    } else if (kind == RIG_KIND_CLUSTER_BACKEND) {
        l.calls["probe"] = {1s, 3s};
        for (const char *call : {"list", "get", "apply", "remove", "diagnose"}) l.calls[call] = {10s, 30s};
        l.calls["watch"] = {Duration{0}, 15s};
        l.calls["logs"] = {Duration{0}, 15s};
        l.breaker = {3, 3, Duration{0}, 30s, 5min, 3};
    } else if (kind == RIG_KIND_COMMAND_FRONTEND) {
        l.calls["catalogue"] = {1s, 5s};
        l.calls["invoke"] = {30s, 60s};
        l.breaker = {10, 1000, 60s, 30s, 5min, 3};
    }
    return l;
}
} // namespace

Duration Budget::patience() const noexcept { return soft.count() == 0 ? soft : std::max(soft, least_patience); }

Budget Limits::of(std::string_view call) const {
    const auto at = calls.find(call);
    return at == calls.end() ? Budget{1s, 5s} : at->second;
}

Budget Limits::of_score(uint64_t pairs) const {
    const Budget least = of("score");
    const Duration grown = per_pair * static_cast<int64_t>(std::min<uint64_t>(pairs, uint64_t{1} << 40));
    return {std::max(least.soft, grown), std::max(least.hard, grown * hard_per_soft_score)};
}

Result<Limits> limits_for(std::string_view kind, const InstanceFile &file) {
    Limits l = starting_values(kind);
    for (const auto &[call, limit] : file.limits) {
        const auto at = l.calls.find(call);
        if (at == l.calls.end()) {
            std::string known;
            for (const auto &[name, budget] : l.calls) known.append(known.empty() ? "" : ", ").append(name);
            return invalid("InstanceValue", file.file + ": limits." + call + " is not a call of " + std::string(kind) +
                                                "; it has " + known);
        }
        if (limit.soft) at->second = {*limit.soft, std::max(at->second.hard, *limit.soft * hard_per_soft_default)};
        if (limit.hard) at->second = {std::min(at->second.soft, *limit.hard), *limit.hard};
    }
    if (file.breaker.failures) l.breaker.failures = *file.breaker.failures;
    if (file.breaker.of) l.breaker.of = *file.breaker.of;
    l.breaker.of = std::max(l.breaker.of, l.breaker.failures);
    if (file.breaker.open) l.breaker.open = *file.breaker.open;
    return l;
}

} // namespace rigger::host
