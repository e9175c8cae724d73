#include "kube/objects.hpp"

#include <rigger/sdk/json.hpp>
#include <rigger/sdk/try.hpp>

namespace kube {
namespace {
using Json = nlohmann::json;

constexpr int most_races = 5;
constexpr size_t most_object_bytes = 3 << 20; ///< what an API server takes

rig::Error invalid(const std::string &why) { return {RIG_E_INVALID, "BadRequest", why, 0}; }
rig::Error not_ours(const Resource &r, std::string_view name) {
    return {RIG_E_CONFLICT, "NotOurs",
            r.plural + " \"" + std::string(name) +
                "\" exists without the label app.kubernetes.io/managed-by=rigger or chutes/deployment-id; it belongs "
                "to somebody else and was not changed",
            0};
}

/// An object that does not exist yet is "not found" only when its namespace is. That is an operator's to make, and what
/// waits for it goes on then.
rig::Error no_namespace(const std::string &ns) {
    return {RIG_E_NOT_FOUND, "NamespaceMissing", "namespace " + ns + " does not exist: kubectl create namespace " + ns,
            5000};
}

rig::Result<Json> read(std::string_view text) {
    if (text.size() > most_object_bytes) return invalid("the object has more than 3 MiB");
    bool deep = false;
    const auto shallow = [&](int depth, Json::parse_event_t, Json &) { return !(deep = deep || depth > most_nesting); };
    Json object = Json::parse(text.begin(), text.end(), shallow, false);
    if (deep) return invalid("the object is nested too deep");
    if (!object.is_object() || rig::json::get(object, "apiVersion", "").empty() ||
        rig::json::get(object, "kind", "").empty())
        return invalid("not a Kubernetes object: apiVersion, kind and metadata.name are needed");
    if (!object.contains("metadata") || !object["metadata"].is_object() ||
        !is_path_segment(rig::json::get(object["metadata"], "name", "")))
        return invalid("metadata.name is missing, or cannot be a name");
    return object;
}

bool ours(const Json &object) {
    const Json &labels = rig::json::at(rig::json::at(object, "metadata"), "labels");
    return rig::json::get(labels, "app.kubernetes.io/managed-by", "") == "rigger" ||
           labels.contains("chutes/deployment-id");
}

void join(Json &into, const Json &fields) {
    for (const auto &[key, value] : fields.items()) {
        if (!into.contains(key)) into[key] = value;
        else if (into[key].is_object() && value.is_object()) join(into[key], value);
    }
}

/// What we created belongs to us as an "Update", and server-side apply would leave such fields behind when they are not
/// named any more: it becomes an "Apply" first. The new list of managed fields, or null when nothing is to be done.
Json adopted(const Json &object) {
    const Json &fields = rig::json::at(rig::json::at(object, "metadata"), "managedFields");
    Json out = Json::array(), mine;
    bool updated = false;
    for (const Json &entry : fields) {
        const bool own =
            rig::json::get(entry, "manager", "") == "rigger" && rig::json::get(entry, "subresource", "").empty();
        if (!own) {
            out.push_back(entry);
            continue;
        }
        updated = updated || rig::json::get(entry, "operation", "") == "Update";
        if (mine.is_null()) mine = entry;
        else join(mine["fieldsV1"], rig::json::at(entry, "fieldsV1"));
    }
    if (!updated) return nullptr;
    mine["operation"] = "Apply";
    out.push_back(std::move(mine));
    return out;
}

struct Target {
    Resource resource;
    std::string ns, name;
};

/// One try to change what exists. CONFLICT (Conflict): somebody else was quicker.
rig::Result<std::string> change(Client &client, const Effort &effort, const Target &t, Json object,
                                const Json &existing, bool dry_run) {
    Json &version = object["metadata"]["resourceVersion"];
    const bool own_version = version.is_string() && !version.get<std::string>().empty();
    std::string seen = rig::json::get(existing["metadata"], "resourceVersion", "");
    if (const Json fields = adopted(existing); !dry_run && !fields.is_null() && (!own_version || version == seen)) {
        const Json patch =
            Json::array({Json{{"op", "replace"}, {"path", "/metadata/managedFields"}, {"value", fields}},
                         Json{{"op", "replace"}, {"path", "/metadata/resourceVersion"}, {"value", seen}}});
        RIG_ASSIGN_OR_RETURN(const std::string text,
                             client.patch(effort, t.resource, t.ns, t.name, "json", patch.dump()));
        const Json now = Json::parse(text, nullptr, false);
        seen = rig::json::get(rig::json::at(now, "metadata"), "resourceVersion", seen.c_str());
        if (own_version) version = seen;
    }
    if (!own_version) version = seen;
    return client.apply(effort, t.resource, t.ns, t.name, object.dump(), dry_run);
}
} // namespace

bool is_ours(std::string_view object) {
    const Json parsed = Json::parse(object.begin(), object.end(), nullptr, false);
    return ours(parsed);
}

rig::Result<std::string> apply_object(Client &client, const Effort &effort, std::string_view text, bool dry_run,
                                      bool create_only) {
    RIG_ASSIGN_OR_RETURN(Json object, read(text));
    Target t{{}, rig::json::get(object["metadata"], "namespace", ""), rig::json::get(object["metadata"], "name", "")};
    RIG_ASSIGN_OR_RETURN(t.resource, client.resource(effort, object["apiVersion"].get<std::string>(),
                                                     object["kind"].get<std::string>()));
    if (!t.ns.empty() && !is_path_segment(t.ns)) return invalid("metadata.namespace cannot be a name");
    if (t.resource.namespaced && t.ns.empty()) t.ns = "default";
    object["metadata"].erase("managedFields");
    const bool own_version = object["metadata"].contains("resourceVersion");
    for (int race = 0;; ++race) {
        auto existing = create_only ? rig::Result<std::string>(rig::Error{RIG_E_NOT_FOUND, "NotFound", "", 0})
                                    : client.get(effort, t.resource, t.ns, t.name);
        if (!existing.ok() && existing.error().code != RIG_E_NOT_FOUND) return existing.error();
        rig::Result<std::string> done = std::string();
        if (!existing.ok()) {
            done = client.create(effort, t.resource, t.ns, object.dump(), dry_run);
            if (!done.ok() && done.error().code == RIG_E_NOT_FOUND && t.resource.namespaced) return no_namespace(t.ns);
        } else {
            const Json found = Json::parse(*existing, nullptr, false);
            if (!ours(found)) return not_ours(t.resource, t.name);
            done = change(client, effort, t, object, found, dry_run);
        }
        if (done.ok() || done.error().code != RIG_E_CONFLICT || create_only) return done;
        const bool raced =
            done.error().reason == "AlreadyExists" || (done.error().reason == "Conflict" && !own_version);
        if (!raced || race + 1 >= most_races) return done;
    }
}

rig::Status remove_object(Client &client, const Effort &effort, const Resource &r, std::string_view ns,
                          std::string_view name, DeleteOptions options) {
    RIG_ASSIGN_OR_RETURN(const std::string text, client.get(effort, r, ns, name));
    const Json found = Json::parse(text, nullptr, false);
    if (!ours(found)) return not_ours(r, name);
    if (options.uid.empty()) options.uid = rig::json::get(rig::json::at(found, "metadata"), "uid", "");
    return client.remove(effort, r, ns, name, options);
}

} // namespace kube
