#include "control/expiry_controller.hpp"

#include "api/json.hpp"
#include "api/time.hpp"

#include <nlohmann/json.hpp>
#include <rigger/sdk/try.hpp>

namespace cluster_local {
namespace {
constexpr uint64_t kEventLife = 3600 * kSecond;

/// When the object may go, in wall time.
std::optional<int64_t> expires(const Record &record, const Json &object) {
    if (record.kind == &event_kind()) {
        const auto last = parse_rfc3339(text_at(object, {"lastTimestamp"}));
        const auto made = parse_rfc3339(text_at(object, {"metadata", "creationTimestamp"}));
        return last || made ? std::optional(last.value_or(made.value_or(0)) + static_cast<int64_t>(kEventLife))
                            : std::nullopt;
    }
    const auto ttl = integer_at(object, {"spec", "ttlSecondsAfterFinished"});
    const Json *conditions = find(object, {"status", "conditions"});
    if (!ttl || !conditions || !conditions->is_array()) return std::nullopt;
    for (const Json &condition : *conditions) {
        const auto type = text_at(condition, {"type"});
        if ((type != "Complete" && type != "Failed") || text_at(condition, {"status"}) != "True") continue;
        if (const auto at = parse_rfc3339(text_at(condition, {"lastTransitionTime"})))
            return *at + *ttl * static_cast<int64_t>(kSecond);
    }
    return std::nullopt;
}
} // namespace

void ExpiryController::on_put(const Record &record, const Record *before) {
    if (record.deleting) return;
    if (record.kind == &job_kind()) queue_.add(record.id);
    else if (record.kind == &event_kind() && !before) queue_.add_at(record.id, api_.clock().mono_ns() + kEventLife);
}

rig::Status ExpiryController::run(size_t &budget) {
    while (budget > 0) {
        const auto id = queue_.pop(api_.clock().mono_ns());
        if (!id) return {};
        --budget;
        if (const Record *record = api_.store().find_id(*id); record && !record->deleting)
            RIG_RETURN_IF_ERROR(sync(*record));
    }
    return {};
}

rig::Status ExpiryController::sync(const Record &record) {
    RIG_ASSIGN_OR_RETURN(const Json object, api_.store().object(record));
    const auto at = expires(record, object);
    if (!at) return {};
    const int64_t left = *at - api_.clock().wall_ns();
    if (left <= 0) {
        RemoveOptions options;
        if (record.kind == &job_kind()) options.propagation = Propagation::foreground;
        return api_.remove(record, options);
    }
    queue_.add_at(record.id, api_.clock().mono_ns() + static_cast<uint64_t>(left));
    return {};
}

} // namespace cluster_local
