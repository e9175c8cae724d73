#include "api/merge.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cluster_local {
namespace {
using Keys = std::vector<const char *>;

bool listed(std::string_view name, std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// The members that identify an item of the list called `name`; empty: the list is atomic.
Keys keys_of(std::string_view name, const Json &list) {
    if (listed(name, {"containers", "initContainers", "ephemeralContainers", "volumes", "env", "imagePullSecrets"}))
        return {"name"};
    if (name == "volumeMounts") return {"mountPath"};
    if (name == "volumeDevices") return {"devicePath"};
    if (name == "conditions") return {"type"};
    if (name == "ownerReferences") return {"uid"};
    if (name == "hostAliases") return {"ip"};
    if (name == "ports") {
        const bool container = std::any_of(list.begin(), list.end(),
                                           [](const Json &p) { return p.is_object() && p.contains("containerPort"); });
        return container ? Keys{"containerPort", "protocol"} : Keys{"port", "protocol"};
    }
    return {};
}

Json identity(const Json &item, const Keys &keys) {
    Json id = Json::array();
    for (const char *key : keys) {
        const auto it = item.is_object() ? item.find(key) : item.end();
        if (item.is_object() && it != item.end()) id.push_back(*it);
        else id.push_back(std::string_view(key) == "protocol" ? Json("TCP") : Json());
    }
    return id;
}
const Json *same(const Json &list, const Json &id, const Keys &keys) {
    if (!list.is_array()) return nullptr;
    const auto it =
        std::find_if(list.begin(), list.end(), [&](const Json &item) { return identity(item, keys) == id; });
    return it == list.end() ? nullptr : &*it;
}

const Json kNothing;
const Json &member(const Json &object, const std::string &key) {
    if (!object.is_object()) return kNothing;
    const auto it = object.find(key);
    return it == object.end() ? kNothing : *it;
}

void merge_list(Json &live, const Json &before, const Json &now, const Keys &keys) {
    Json merged = Json::array();
    for (const Json &item : now) {
        const Json id = identity(item, keys);
        const Json *old = same(live, id, keys), *was = same(before, id, keys);
        merged.push_back(old ? *old : item);
        if (old) apply_merge(merged.back(), was ? *was : kNothing, item);
    }
    for (const Json &item : live) {
        const Json id = identity(item, keys);
        if (!same(now, id, keys) && !same(before, id, keys)) merged.push_back(item);
    }
    live = std::move(merged);
}

void merge_set(Json &live, const Json &before, const Json &now) {
    const auto has = [](const Json &list, const Json &item) {
        return list.is_array() && std::find(list.begin(), list.end(), item) != list.end();
    };
    Json merged = Json::array();
    for (const Json &item : live)
        if (has(now, item) || !has(before, item)) merged.push_back(item);
    for (const Json &item : now)
        if (!has(merged, item)) merged.push_back(item);
    live = std::move(merged);
}

/// Takes out of `live` what only `before` put there. True when nothing is left of it.
bool withdraw(Json &live, const Json &before, std::string_view name) {
    if (live.is_object() && before.is_object()) {
        for (const auto &[key, was] : before.items())
            if (const auto it = live.find(key); it != live.end() && withdraw(*it, was, key)) live.erase(it);
        return live.empty();
    }
    if (!live.is_array() || !before.is_array()) return true;
    if (name == "finalizers") {
        merge_set(live, before, Json::array());
    } else if (const Keys keys = keys_of(name, live); !keys.empty()) {
        merge_list(live, before, Json::array(), keys);
    } else {
        return true;
    }
    return live.empty();
}
} // namespace

void apply_merge(Json &live, const Json &before, const Json &now) {
    if (!live.is_object() || !now.is_object()) {
        live = now;
        return;
    }
    for (const auto &[key, value] : now.items()) {
        const auto it = live.find(key);
        if (it == live.end()) {
            live[key] = value;
            continue;
        }
        const Json &was = member(before, key);
        if (value.is_object() && it->is_object()) apply_merge(*it, was, value);
        else if (value.is_array() && it->is_array() && key == "finalizers") merge_set(*it, was, value);
        else if (const Keys keys =
                     value.is_array() && it->is_array() ? keys_of(key, value.empty() ? *it : value) : Keys{};
                 !keys.empty())
            merge_list(*it, was, value, keys);
        else *it = value;
    }
    if (!before.is_object()) return;
    for (const auto &[key, was] : before.items()) {
        if (now.contains(key)) continue;
        if (const auto it = live.find(key); it != live.end() && withdraw(*it, was, key)) live.erase(it);
    }
}

} // namespace cluster_local
