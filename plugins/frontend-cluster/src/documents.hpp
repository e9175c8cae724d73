// Reading what the daemon answers, without trusting it.
#pragma once
#include <rigger/sdk/json.hpp>

#include <string>

namespace cluster_commands {

using Json = nlohmann::json;

inline std::string text(const Json &object, const char *key) { return rig::json::get(object, key, ""); }

inline const Json *list(const Json &object, const char *key) {
    const auto found = object.is_object() ? object.find(key) : object.end();
    return object.is_object() && found != object.end() && found->is_array() ? &*found : nullptr;
}

inline std::string dump(const Json &document) { return rig::json::text(document); }

inline rig::Error malformed(const char *what) {
    return {RIG_E_UNAVAILABLE, "MalformedView", std::string("the daemon's ") + what + " cannot be read", 0};
}

} // namespace cluster_commands
