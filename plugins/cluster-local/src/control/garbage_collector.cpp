#include "control/garbage_collector.hpp"

#include "api/json.hpp"

#include <nlohmann/json.hpp>
#include <rigger/sdk/try.hpp>

#include <algorithm>

namespace cluster_local {
namespace {
bool has_finalizer(const Json &object, std::string_view finalizer) {
    const Json *list = find(object, {"metadata", "finalizers"});
    return list && std::find(list->begin(), list->end(), Json(finalizer)) != list->end();
}
bool blocks(const Json &dependent, std::string_view owner) {
    const Json *owners = find(dependent, {"metadata", "ownerReferences"});
    return owners && std::any_of(owners->begin(), owners->end(), [&](const Json &o) {
               return text_at(o, {"uid"}) == owner && flag_at(o, {"blockOwnerDeletion"});
           });
}
} // namespace

void GarbageCollector::on_put(const Record &record, const Record *before) {
    const bool waits = record.deleting && record.finalizers;
    if (waits || (!before && !record.owners.empty())) queue_.add(record.id);
}
void GarbageCollector::on_erase(const Record &record) {
    for (const Record *dependent : api_.store().owned_by(record.uid)) queue_.add(dependent->id);
    for (const auto &owner : record.owners)
        if (const Record *waiting = api_.store().find_uid(owner); waiting && waiting->deleting) queue_.add(waiting->id);
}

rig::Status GarbageCollector::run(size_t &budget) {
    while (budget > 0) {
        const auto id = queue_.pop(api_.clock().mono_ns());
        if (!id) return {};
        --budget;
        if (const Record *record = api_.store().find_id(*id)) RIG_RETURN_IF_ERROR(sync(*record));
    }
    return {};
}

rig::Status GarbageCollector::sync(const Record &record) {
    if (record.deleting && record.finalizers) {
        RIG_ASSIGN_OR_RETURN(const Json object, api_.store().object(record));
        if (has_finalizer(object, kOrphanFinalizer)) return orphan_dependents(record);
        if (has_finalizer(object, kForegroundFinalizer)) return delete_dependents(record);
    }
    return record.owners.empty() || record.deleting ? rig::Status() : collect(record);
}

rig::Status GarbageCollector::orphan_dependents(const Record &owner) {
    for (const Record *dependent : api_.store().owned_by(owner.uid)) {
        RIG_ASSIGN_OR_RETURN(Json object, api_.store().object(*dependent));
        Json &owners = object["metadata"]["ownerReferences"];
        Json kept = Json::array();
        for (Json &reference : owners)
            if (text_at(reference, {"uid"}) != owner.uid) kept.push_back(std::move(reference));
        owners = std::move(kept);
        if (owners.empty()) object["metadata"].erase("ownerReferences");
        RIG_RETURN_IF_ERROR(api_.replace(*dependent, object));
    }
    return api_.drop_finalizer(owner, kOrphanFinalizer);
}

rig::Status GarbageCollector::delete_dependents(const Record &owner) {
    bool blocked = false;
    const std::string uid = owner.uid;
    for (const Record *dependent : api_.store().owned_by(uid)) {
        RIG_ASSIGN_OR_RETURN(const Json object, api_.store().object(*dependent));
        const int64_t id = dependent->id;
        if (!dependent->deleting) {
            RemoveOptions options;
            if (!api_.store().owned_by(dependent->uid).empty()) options.propagation = Propagation::foreground;
            RIG_RETURN_IF_ERROR(api_.remove(*dependent, options));
        }
        blocked |= api_.store().find_id(id) && blocks(object, uid);
    }
    return blocked ? rig::Status() : api_.drop_finalizer(owner, kForegroundFinalizer);
}

/// An owner that exists keeps its dependent; references to owners that do not are of no use.
rig::Status GarbageCollector::collect(const Record &dependent) {
    const auto exists = [&](const std::string &uid) { return api_.store().find_uid(uid) != nullptr; };
    if (std::none_of(dependent.owners.begin(), dependent.owners.end(), exists)) return api_.remove(dependent, {});
    if (std::all_of(dependent.owners.begin(), dependent.owners.end(), exists)) return {};
    RIG_ASSIGN_OR_RETURN(Json object, api_.store().object(dependent));
    Json kept = Json::array();
    for (Json &reference : object["metadata"]["ownerReferences"])
        if (exists(std::string(text_at(reference, {"uid"})))) kept.push_back(std::move(reference));
    object["metadata"]["ownerReferences"] = std::move(kept);
    return api_.replace(dependent, object);
}

} // namespace cluster_local
