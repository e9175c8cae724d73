#include "server/api_server.hpp"

#include "api/json.hpp"
#include "api/labels.hpp"
#include "api/merge.hpp"
#include "api/names.hpp"
#include "api/time.hpp"

#include <rigger/abi/kind/cluster_backend.h>
#include <rigger/sdk/try.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace cluster_local {
namespace {
/// What only the server writes into metadata.
constexpr const char *kServerFields[] = {
    "uid",      "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
    "selfLink", "managedFields"};

bool has_item(const Json &object, Path path, std::string_view item) {
    const Json *list = find(object, path);
    return list && list->is_array() && std::any_of(list->begin(), list->end(), [&](const Json &i) {
               return i.is_string() && i.get_ref<const std::string &>() == item;
           });
}
void add_finalizer(Json &metadata, std::string_view finalizer) {
    if (!metadata["finalizers"].is_array()) metadata["finalizers"] = Json::array();
    if (!has_item(metadata, {"finalizers"}, finalizer)) metadata["finalizers"].push_back(finalizer);
}
bool has_finalizers(const Json &object) {
    const Json *list = find(object, {"metadata", "finalizers"});
    return list && list->is_array() && !list->empty();
}
bool awaits_agent(const Json &object) {
    return integer_at(object, {"metadata", "deletionGracePeriodSeconds"}).value_or(0) > 0;
}
void tidy(Json &metadata) {
    for (const char *key : {"finalizers", "ownerReferences", "labels", "annotations"})
        if (metadata.contains(key) && metadata[key].empty()) metadata.erase(key);
}
std::string describe(const Kind &kind) {
    const auto group = kind.info().api_version.substr(0, kind.info().api_version.find('/'));
    return std::string(kind.info().resource) +
           (kind.info().api_version.find('/') == std::string_view::npos ? "" : "." + std::string(group));
}
} // namespace

bool is_ours(std::string_view packed_labels) {
    return label(packed_labels, "app.kubernetes.io/managed-by") == "rigger" ||
           label(packed_labels, "chutes/deployment-id").has_value();
}

rig::Result<const Kind *> ApiServer::kind_of(const Json &reference) const {
    const auto api_version = text_at(reference, {"apiVersion"}), kind = text_at(reference, {"kind"});
    if (api_version.empty() || kind.empty()) return errors::bad_request("apiVersion and kind are required");
    if (const Kind *found = kinds_.find(api_version, kind)) return found;
    return errors::no_kind_match(api_version, kind);
}

rig::Status ApiServer::check_target(const Kind &kind, std::string_view name_space, std::string_view name,
                                    bool creating) const {
    Problems problems;
    if (name.empty()) problems.required("metadata.name");
    else if (!kind.valid_name(name))
        problems.add("metadata.name", "Invalid value: \"" + std::string(name.substr(0, 80)) +
                                          "\": lower-case letters, digits and '-' (dots between, where the kind allows "
                                          "them), beginning and ending with a letter or digit");
    if (!problems.empty()) return errors::invalid(kind.info().kind, name.substr(0, 80), problems);
    if (!kind.info().namespaced || !creating) return {};
    const Record *home = store_.find(namespace_kind(), "", name_space);
    if (!home) return errors::not_found("namespaces", name_space);
    if (home->deleting)
        return errors::forbidden(describe(kind), name,
                                 "unable to create new content in namespace " + std::string(name_space) +
                                     " because it is being terminated");
    return {};
}

rig::Status ApiServer::complete(const Kind &kind, const Json *before, Json &object) const {
    kind.set_defaults(object);
    Problems problems;
    check_metadata(object.at("metadata"), problems);
    if (problems.empty()) kind.validate(object, problems);
    if (problems.empty() && before) kind.validate_update(*before, object, problems);
    if (!problems.empty()) return errors::invalid(kind.info().kind, text_at(object, {"metadata", "name"}), problems);
    return kind.assign(store_.allocations(), before, object);
}

void ApiServer::stamp_new(const Kind &kind, Json &object) const {
    Json &metadata = child(object, "metadata");
    if (text_at(metadata, {"uid"}).empty()) metadata["uid"] = store_.new_uid();
    metadata["creationTimestamp"] = rfc3339(clock_.wall_ns());
    if (kind.info().has_status) metadata["generation"] = 1;
}

rig::Result<std::string> ApiServer::apply(std::string_view document, uint32_t flags) {
    RIG_ASSIGN_OR_RETURN(Json now, parse_object(document, "the object"));
    drop_nulls(now);
    RIG_ASSIGN_OR_RETURN(const Kind *kind, kind_of(now));
    const Json *metadata = find(now, {"metadata"});
    if (!metadata || !metadata->is_object()) return errors::bad_request("metadata is missing or not an object");
    for (const char *key : {"name", "namespace", "uid", "resourceVersion"})
        if (metadata->contains(key) && !metadata->at(key).is_string())
            return errors::bad_request(std::string("metadata.") + key + " must be a string");
    if (kind->info().namespaced && text_at(now, {"metadata", "namespace"}).empty())
        now["metadata"]["namespace"] = "default";
    if (!kind->info().namespaced) now["metadata"].erase("namespace");
    const std::string name(text_at(now, {"metadata", "name"})), name_space(text_at(now, {"metadata", "namespace"}));
    const Record *existing = store_.find(*kind, name_space, name);
    RIG_RETURN_IF_ERROR(check_target(*kind, name_space, name, !existing));
    const std::string uid(text_at(now, {"metadata", "uid"})), version(text_at(now, {"metadata", "resourceVersion"}));
    for (const char *key : kServerFields) now["metadata"].erase(key);
    if (kind->info().has_status) now.erase("status");

    if (existing && (flags & RIG_APPLY_CREATE_ONLY)) return errors::already_exists(describe(*kind), name);
    if (existing && !is_ours(existing->labels)) return errors::not_ours(describe(*kind), name);
    if (!uid.empty() && (!existing || existing->uid != uid))
        return errors::conflict(describe(*kind), name,
                                "Precondition failed: UID in precondition: " + uid +
                                    ", UID in object meta: " + (existing ? existing->uid : ""));
    if (!version.empty() && (!existing || std::to_string(existing->version) != version))
        return errors::conflict(
            describe(*kind), name,
            "the object has been modified; please apply your changes to the latest version and try again");
    const bool dry_run = flags & RIG_APPLY_DRY_RUN;
    return existing ? update_applied(*existing, std::move(now), dry_run)
                    : create_applied(*kind, std::move(now), dry_run);
}

rig::Result<std::string> ApiServer::create_applied(const Kind &kind, Json object, bool dry_run) {
    const std::string applied = object.dump();
    stamp_new(kind, object);
    tidy(object["metadata"]);
    RIG_RETURN_IF_ERROR(complete(kind, nullptr, object));
    if (Json status = kind.initial_status(object); !status.is_null()) object["status"] = std::move(status);
    if (!dry_run) RIG_RETURN_IF_ERROR(store_.insert(kind, object, applied));
    return object.dump();
}

rig::Result<std::string> ApiServer::update_applied(const Record &record, Json now, bool dry_run) {
    const Kind &kind = *record.kind;
    RIG_ASSIGN_OR_RETURN(const Json live, store_.object(record));
    RIG_ASSIGN_OR_RETURN(const std::string applied, store_.applied(record));
    const Json before = applied.empty() ? Json() : Json::parse(applied);
    Json merged = live;
    apply_merge(merged, before, now);
    for (const char *key : kServerFields) {
        merged["metadata"].erase(key);
        if (live.at("metadata").contains(key)) merged["metadata"][key] = live.at("metadata").at(key);
    }
    if (kind.info().has_status) {
        merged.erase("status");
        if (live.contains("status")) merged["status"] = live.at("status");
    }
    tidy(merged["metadata"]);
    RIG_RETURN_IF_ERROR(complete(kind, &live, merged));
    const std::string named = now.dump();
    if (merged == live) {
        if (!dry_run && named != applied) RIG_RETURN_IF_ERROR(store_.set_applied(record, named));
        return live.dump();
    }
    const auto substance = [](Json object) {
        object.erase("metadata");
        object.erase("status");
        return object;
    };
    if (merged["metadata"].contains("generation") && substance(merged) != substance(live))
        merged["metadata"]["generation"] = integer_at(live, {"metadata", "generation"}).value_or(0) + 1;
    if (dry_run) return merged.dump();
    RIG_ASSIGN_OR_RETURN(const Record *stored, store_.update(record, merged, named));
    std::string result = merged.dump();
    RIG_RETURN_IF_ERROR(finish_if_released(*stored, merged));
    return result;
}

rig::Result<const Record *> ApiServer::create(const Kind &kind, Json object) {
    object["apiVersion"] = kind.info().api_version;
    object["kind"] = kind.info().kind;
    Json &metadata = child(object, "metadata");
    if (const std::string prefix(text_at(metadata, {"generateName"}));
        !prefix.empty() && text_at(metadata, {"name"}).empty())
        metadata["name"] = prefix.substr(0, 58) + store_.random_suffix();
    const std::string name(text_at(metadata, {"name"})), name_space(text_at(metadata, {"namespace"}));
    RIG_RETURN_IF_ERROR(check_target(kind, name_space, name, true));
    if (store_.find(kind, name_space, name)) return errors::already_exists(describe(kind), name);
    stamp_new(kind, object);
    RIG_RETURN_IF_ERROR(complete(kind, nullptr, object));
    if (!object.contains("status"))
        if (Json status = kind.initial_status(object); !status.is_null()) object["status"] = std::move(status);
    return store_.insert(kind, object, "");
}

rig::Status ApiServer::remove(const Record &record, const RemoveOptions &options) {
    const Kind &kind = *record.kind;
    if (options.only_ours && !is_ours(record.labels)) return errors::not_ours(describe(kind), record.name);
    if (!options.uid.empty() && options.uid != record.uid)
        return errors::conflict(describe(kind), record.name,
                                "Precondition failed: UID in precondition: " + options.uid +
                                    ", UID in object meta: " + record.uid);
    if (&kind == &namespace_kind() && (record.name == "default" || record.name == "kube-system"))
        return errors::forbidden("namespaces", record.name, "this namespace may not be deleted");
    RIG_ASSIGN_OR_RETURN(Json object, store_.object(record));
    Json &metadata = object["metadata"];
    int64_t grace = std::max<int64_t>(0, kind.grace_seconds(object, options.grace_seconds));
    if (record.deleting) {
        const int64_t running = integer_at(metadata, {"deletionGracePeriodSeconds"}).value_or(0);
        if (!options.grace_seconds || grace >= running) return {};
    }
    if (options.propagation == Propagation::foreground) add_finalizer(metadata, kForegroundFinalizer);
    if (options.propagation == Propagation::orphan) add_finalizer(metadata, kOrphanFinalizer);
    const bool deferred = kind.defers_deletion(object);
    if (grace == 0 && !deferred && !has_finalizers(object)) return store_.erase(record);
    metadata["deletionTimestamp"] = rfc3339(clock_.wall_ns() + grace * static_cast<int64_t>(kSecond));
    metadata["deletionGracePeriodSeconds"] = grace;
    if (const auto generation = integer_at(metadata, {"generation"}); generation && !record.deleting)
        metadata["generation"] = *generation + 1;
    RIG_RETURN_IF_ERROR(store_.update(record, object, std::nullopt));
    return {};
}

rig::Status ApiServer::finish_deletion(const Record &record) {
    if (!record.finalizers) return store_.erase(record);
    RIG_ASSIGN_OR_RETURN(Json object, store_.object(record));
    Json &metadata = object["metadata"];
    if (record.deleting && integer_at(metadata, {"deletionGracePeriodSeconds"}).value_or(0) == 0) return {};
    metadata["deletionTimestamp"] = rfc3339(clock_.wall_ns());
    metadata["deletionGracePeriodSeconds"] = 0;
    RIG_RETURN_IF_ERROR(store_.update(record, object, std::nullopt));
    return {};
}

rig::Status ApiServer::drop_finalizer(const Record &record, std::string_view finalizer) {
    RIG_ASSIGN_OR_RETURN(Json object, store_.object(record));
    Json &metadata = object["metadata"];
    if (!has_item(metadata, {"finalizers"}, finalizer)) return {};
    Json kept = Json::array();
    for (const Json &item : metadata["finalizers"])
        if (item != finalizer) kept.push_back(item);
    metadata["finalizers"] = std::move(kept);
    tidy(metadata);
    return replace(record, object);
}

rig::Status ApiServer::replace(const Record &record, Json &object) {
    RIG_ASSIGN_OR_RETURN(const Record *stored, store_.update(record, object, std::nullopt));
    return finish_if_released(*stored, object);
}

rig::Status ApiServer::finish_if_released(const Record &record, const Json &object) {
    Json copy = object;
    if (!record.deleting || record.finalizers || awaits_agent(object) || record.kind->defers_deletion(copy)) return {};
    return store_.erase(record);
}

} // namespace cluster_local
