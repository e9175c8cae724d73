#include "kube/resource.hpp"

#include <Poco/URI.h>

#include <algorithm>
#include <iterator>

namespace kube {
namespace {
struct Known {
    const char *api_version, *kind, *plural;
    bool namespaced;
};
constexpr Known known[] = {{"v1", "Pod", "pods", true},
                           {"v1", "Node", "nodes", false},
                           {"v1", "Service", "services", true},
                           {"v1", "ConfigMap", "configmaps", true},
                           {"v1", "Secret", "secrets", true},
                           {"v1", "Event", "events", true},
                           {"v1", "Namespace", "namespaces", false},
                           {"v1", "ServiceAccount", "serviceaccounts", true},
                           {"batch/v1", "Job", "jobs", true},
                           {"apps/v1", "Deployment", "deployments", true},
                           {"apps/v1", "StatefulSet", "statefulsets", true}};
} // namespace

std::string version_path(std::string_view api_version) {
    return (api_version.find('/') == std::string_view::npos ? "/api/" : "/apis/") + std::string(api_version);
}
std::string Resource::group() const {
    const size_t slash = api_version.find('/');
    return slash == std::string::npos ? std::string() : api_version.substr(0, slash);
}
std::string Resource::path(std::string_view ns, std::string_view name, std::string_view subresource) const {
    std::string out = version_path(api_version);
    if (namespaced && !ns.empty()) out += "/namespaces/" + escaped(ns);
    out += "/" + plural;
    if (!name.empty()) out += "/" + escaped(name);
    if (!subresource.empty()) out += "/" + std::string(subresource);
    return out;
}
std::optional<Resource> known_resource(std::string_view api_version, std::string_view kind) {
    const auto at = std::find_if(std::begin(known), std::end(known),
                                 [&](const Known &k) { return api_version == k.api_version && kind == k.kind; });
    if (at == std::end(known)) return std::nullopt;
    return Resource{at->api_version, at->kind, at->plural, at->namespaced};
}
std::string escaped(std::string_view text) {
    std::string out;
    Poco::URI::encode(std::string(text), "!#$&'()*+,/:;=?@[]", out);
    return out;
}
bool is_path_segment(std::string_view name) {
    return !name.empty() && name.size() <= 1024 && name != "." && name != ".." &&
           std::none_of(name.begin(), name.end(),
                        [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '/' || c == '%'; });
}

} // namespace kube
