#include "api/errors.hpp"

namespace cluster_local {

std::string Problems::text() const {
    constexpr size_t kShown = 8;
    std::string out;
    for (size_t i = 0; i < list_.size() && i < kShown; ++i) out += (i ? "; " : "") + list_[i];
    if (list_.size() > kShown) out += "; and " + std::to_string(list_.size() - kShown) + " more";
    return out;
}

namespace errors {
namespace {
std::string quoted(std::string_view resource, std::string_view name) {
    return std::string(resource) + " \"" + std::string(name) + "\"";
}
} // namespace

rig::Error already_exists(std::string_view resource, std::string_view name) {
    return {RIG_E_CONFLICT, "AlreadyExists", quoted(resource, name) + " already exists", 0};
}
rig::Error not_found(std::string_view resource, std::string_view name) {
    return {RIG_E_NOT_FOUND, "NotFound", quoted(resource, name) + " not found", 0};
}
rig::Error conflict(std::string_view resource, std::string_view name, std::string_view why) {
    return {RIG_E_CONFLICT, "Conflict",
            "Operation cannot be fulfilled on " + quoted(resource, name) + ": " + std::string(why), 0};
}
rig::Error not_ours(std::string_view resource, std::string_view name) {
    return {RIG_E_CONFLICT, "NotOurs",
            quoted(resource, name) +
                " exists without the label app.kubernetes.io/managed-by=rigger or chutes/deployment-id; "
                "it belongs to somebody else and was not changed",
            0};
}
rig::Error invalid(std::string_view kind, std::string_view name, const Problems &problems) {
    return {RIG_E_INVALID, "Invalid", quoted(kind, name) + " is invalid: " + problems.text(), 0};
}
rig::Error bad_request(std::string_view why) { return {RIG_E_INVALID, "BadRequest", std::string(why), 0}; }
rig::Error forbidden(std::string_view resource, std::string_view name, std::string_view why) {
    return {RIG_E_DENIED, "Forbidden", quoted(resource, name) + " is forbidden: " + std::string(why), 0};
}
rig::Error too_large(size_t bytes, size_t limit) {
    return {RIG_E_INVALID, "RequestEntityTooLarge",
            "the object has " + std::to_string(bytes) + " bytes; the limit is " + std::to_string(limit), 0};
}
rig::Error no_kind_match(std::string_view api_version, std::string_view kind) {
    return {RIG_E_UNSUPPORTED, "NoKindMatch",
            "no matches for kind \"" + std::string(kind) + "\" in version \"" + std::string(api_version) + "\"", 0};
}
rig::Error unknown_cluster(std::string_view asked, std::string_view ours) {
    return {RIG_E_INVALID, "UnknownCluster",
            "cluster \"" + std::string(asked) + "\" is unknown here; this backend serves \"" + std::string(ours) + "\"",
            0};
}
rig::Error exhausted(std::string_view reason, std::string_view what) {
    return {RIG_E_EXHAUSTED, std::string(reason), std::string(what), 5000};
}
rig::Error storage(std::string_view doing, std::string_view why) {
    return {RIG_E_UNAVAILABLE, "StorageFailed",
            "cannot " + std::string(doing) + " in the embedded cluster's database: " + std::string(why) +
                "; nothing was changed; check the disk's space and permissions",
            1000};
}
} // namespace errors
} // namespace cluster_local
