#include <chutes/names.hpp>
#include <chutes/objects.hpp>

#include "labels.hpp"

#include <algorithm>

namespace chutes {
using detail::invalid;
using detail::Json;

std::string service_object(const Request &r) {
    Json ports = Json::array();
    std::vector<int> named;
    for (const Port &port : r.ports()) {
        std::string name = "chute-" + std::to_string(port.number);
        // Names are unique within a Service; the same number may be wanted over both protocols.
        if (std::find(named.begin(), named.end(), port.number) != named.end())
            name += port.protocol == "UDP" ? "-udp" : "-tcp";
        named.push_back(port.number);
        ports.push_back({{"name", std::move(name)},
                         {"port", port.number},
                         {"targetPort", port.number},
                         {"protocol", port.protocol}});
    }
    const Json object{{"apiVersion", "v1"},
                      {"kind", "Service"},
                      {"metadata",
                       {{"name", service_name(r.deployment_id)},
                        {"namespace", r.namespace_name},
                        {"labels", detail::labels_of_deployment(r)}}},
                      {"spec",
                       {{"type", "NodePort"},
                        {"externalTrafficPolicy", "Local"},
                        {"selector", {{"chutes/deployment-id", r.deployment_id}}},
                        {"ports", std::move(ports)}}}};
    return object.dump();
}

rig::Result<std::string> code_config_map_object(const Request &r) {
    if (r.chute.filename.empty())
        return invalid("offer.workload.filename",
                       "is missing, and runtime " + r.chute.runtime + " needs the chute's code as a file");
    if (r.chute.code.empty())
        return invalid("offer.workload.code",
                       "is missing, and runtime " + r.chute.runtime + " needs the chute's code as a file");
    const Json object{{"apiVersion", "v1"},
                      {"kind", "ConfigMap"},
                      {"metadata",
                       {{"name", code_config_map_name(r.chute.id, r.chute.version)},
                        {"namespace", r.namespace_name},
                        {"labels",
                         {{"chutes/chute-id", r.chute.id},
                          {"chutes/version", r.chute.version},
                          {"chutes/code", "true"},
                          {managed_by_label, managed_by}}}}},
                      {"data", {{r.chute.filename, r.chute.code}}}};
    return object.dump();
}

std::string image_reference(const Settings &settings, const Request &r) {
    const bool direct =
        settings.registry_proxy_port == 0 || Version::parse(r.server.vm_version) >= settings.direct_pull_since;
    if (direct) return settings.registry.empty() ? r.chute.image : settings.registry + "/" + r.chute.image;
    std::string validator = r.server.validator.empty() ? settings.validator_hotkey : r.server.validator;
    for (char &c : validator)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return validator + ".localregistry.chutes.ai:" + std::to_string(settings.registry_proxy_port) + "/" + r.chute.image;
}

} // namespace chutes
