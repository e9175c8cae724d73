// kube/resource.hpp -- where a kind lives in the API. Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace kube {

struct Resource {
    std::string api_version, kind, plural;
    bool namespaced = true;
    std::string group() const; ///< "" for v1
    /// "/api/v1/namespaces/x/pods/y/status". An empty ns: all namespaces, or a kind without them; an empty name: the
    /// collection.
    std::string path(std::string_view ns, std::string_view name, std::string_view subresource = {}) const;
};

/// The kinds that rigger uses itself; nullopt: ask the API server.
std::optional<Resource> known_resource(std::string_view api_version, std::string_view kind);
/// "/api/v1" or "/apis/batch/v1".
std::string version_path(std::string_view api_version);
/// Percent-encoded for a query.
std::string escaped(std::string_view text);
/// May it stand in a path? (not empty, no '/', no '%', not "." or "..", no control characters)
bool is_path_segment(std::string_view name);

} // namespace kube
