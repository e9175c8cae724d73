#include "domain/failure_memory.hpp"

#include <algorithm>
#include <tuple>

namespace rigger {
namespace {

auto key_of(const FailureMark &mark) { return std::tie(mark.offer, mark.server); }

bool never_started(const Deployment &deployment) {
    return deployment.instance.empty() && !deployment.verified_at && !deployment.activated_at;
}

} // namespace

bool died_young(const Deployment &deployment, WallTime deleted_at, const FailureSpans &spans) {
    if (deployment.operator_wish) return false;
    return never_started(deployment) || deleted_at - deployment.created_at <= spans.young;
}

std::vector<FailureMark> failure_marks(const Deployment &deployment, WallTime deleted_at, const FailureSpans &spans) {
    if (!died_young(deployment, deleted_at, spans)) return {};
    FailureMark mark{deployment.offer,      {},         deployment.end_cause,
                     deployment.created_at, deleted_at, deleted_at + spans.memory};
    std::vector<FailureMark> marks{mark};
    if (!deployment.server.empty()) {
        mark.server = deployment.server;
        marks.push_back(mark);
    }
    return marks;
}

bool stands(const FailureMark &mark, WallTime now) noexcept {
    const Duration left = mark.until - now;
    const Duration span = mark.until - mark.deleted_at;
    return left > Duration::zero() && left <= 2 * span;
}

std::vector<FailureMark> remember(std::vector<FailureMark> marks, const std::vector<FailureMark> &fresh, WallTime now) {
    marks.insert(marks.end(), fresh.begin(), fresh.end());
    std::erase_if(marks, [now](const FailureMark &mark) { return !stands(mark, now); });
    std::stable_sort(marks.begin(), marks.end(), [](const FailureMark &a, const FailureMark &b) {
        return key_of(a) != key_of(b) ? key_of(a) < key_of(b) : a.deleted_at > b.deleted_at;
    });
    marks.erase(std::unique(marks.begin(), marks.end(),
                            [](const FailureMark &a, const FailureMark &b) { return key_of(a) == key_of(b); }),
                marks.end());
    return marks;
}

} // namespace rigger
