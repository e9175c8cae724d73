// Reading fields of a document whose author may be anybody. Private to this library.
#pragma once
#include <rigger/sdk/status.hpp>

#include <nlohmann/json.hpp>

#include <string>

namespace chutes::detail {

using Json = nlohmann::json;

/// The member, or null when it is missing or `object` is no object.
inline const Json &member(const Json &object, const char *name) {
    static const Json null;
    if (!object.is_object()) return null;
    const auto at = object.find(name);
    return at == object.end() ? null : *at;
}

inline rig::Error invalid(const std::string &path, const std::string &what) {
    return {RIG_E_INVALID, "RenderRequest", "cannot render: " + path + " " + what, 0};
}

} // namespace chutes::detail
