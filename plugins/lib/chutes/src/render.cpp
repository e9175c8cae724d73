#include <chutes/names.hpp>
#include <chutes/objects.hpp>
#include <chutes/render.hpp>

#include "json.hpp"

namespace chutes {
namespace {

using detail::Json;
using detail::member;

const Json *find_applied(const Json &applied, const char *kind, const std::string &name) {
    if (!applied.is_array()) return nullptr;
    for (const Json &object : applied)
        if (member(object, "kind") == kind && member(member(object, "metadata"), "name") == name) return &object;
    return nullptr;
}

/// The node port of each wanted port, matched by number and protocol: a cluster may list them in another order.
rig::Result<std::vector<int>> node_ports(const Json &service, const std::vector<Port> &wanted) {
    const Json &listed = member(member(service, "spec"), "ports");
    std::vector<int> found;
    for (const Port &port : wanted) {
        int node_port = 0;
        if (listed.is_array())
            for (const Json &entry : listed) {
                const Json &protocol = member(entry, "protocol");
                const bool same = member(entry, "port") == port.number &&
                                  (protocol.is_null() ? port.protocol == "TCP" : protocol == port.protocol);
                if (same && member(entry, "nodePort").is_number_integer())
                    node_port = member(entry, "nodePort").get<int>();
            }
        if (node_port <= 0)
            return rig::Error{RIG_E_UNAVAILABLE, "NodePortsMissing",
                              "cannot render the Job yet: the Service has no node port for port " +
                                  std::to_string(port.number) + "/" + port.protocol,
                              1000};
        found.push_back(node_port);
    }
    return found;
}

/// The objects are JSON texts already; parsing them again to nest them would be waste.
std::string answer(const std::vector<std::string> &objects, bool done) {
    std::string text = R"({"objects":[)";
    for (std::size_t i = 0; i < objects.size(); ++i) {
        if (i > 0) text.push_back(',');
        text += objects[i];
    }
    return text + (done ? R"(],"done":true})" : R"(],"done":false})");
}

} // namespace

rig::Result<std::string> render(const Settings &settings, const Request &r) {
    const Json applied = Json::parse(r.applied, nullptr, false);
    if (find_applied(applied, "Job", job_name(r.deployment_id))) return answer({}, true);

    const Json *const service = find_applied(applied, "Service", service_name(r.deployment_id));
    const bool code_missing = r.chute.needs_code_config_map() &&
                              !find_applied(applied, "ConfigMap", code_config_map_name(r.chute.id, r.chute.version));
    if (!service || code_missing) {
        std::vector<std::string> first;
        if (!service) first.push_back(service_object(r));
        if (code_missing) {
            auto code = code_config_map_object(r);
            if (!code.ok()) return code.error();
            first.push_back(std::move(*code));
        }
        return answer(first, false);
    }

    auto ports = node_ports(*service, r.ports());
    if (!ports.ok()) return ports.error();
    auto job = job_object(settings, r, *ports);
    if (!job.ok()) return job.error();
    return answer({std::move(*job)}, true);
}

} // namespace chutes
