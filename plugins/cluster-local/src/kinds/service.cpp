// kinds/service.cpp -- v1 Service: cluster addresses and node ports, unique in the cluster and free again when the
// object goes.
#include "api/json.hpp"
#include "api/labels.hpp"
#include "api/names.hpp"
#include "kinds/kind.hpp"
#include "store/allocations.hpp"

#include <nlohmann/json.hpp>
#include <rigger/sdk/try.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

namespace cluster_local {
namespace {
enum Field : size_t { kClusterIp, kType, kNodePorts, kFieldCount };
constexpr std::array<std::string_view, kFieldCount> kServiceFields{"spec.clusterIP", "spec.type", "~nodePorts"};
constexpr KindInfo kServiceInfo{"v1", "Service", "services", true, true, kServiceFields};

const Json &ports_of(const Json &object) { return list_at(object, {"spec", "ports"}); }
bool wants_node_ports(const Json &object) {
    const auto type = text_at(object, {"spec", "type"});
    return type == "NodePort" || type == "LoadBalancer";
}
std::vector<int> node_ports(const Json &object) {
    std::vector<int> out;
    for (const Json &port : ports_of(object))
        if (const auto number = integer_at(port, {"nodePort"}); number && *number > 0 && *number <= 65535)
            out.push_back(static_cast<int>(*number));
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}
class Service final : public Kind {
public:
    const KindInfo &info() const noexcept override { return kServiceInfo; }
    bool valid_name(std::string_view name) const noexcept override { return is_dns1035_label(name); }

    void set_defaults(Json &object) const override {
        Json &spec = child(object, "spec");
        set_default(spec, "type", "ClusterIP");
        set_default(spec, "sessionAffinity", "None");
        if (wants_node_ports(object)) set_default(spec, "externalTrafficPolicy", "Cluster");
        if (!spec.contains("ports") || !spec["ports"].is_array()) return;
        for (Json &port : spec["ports"]) {
            if (!port.is_object()) continue;
            set_default(port, "protocol", "TCP");
            if (port.contains("port")) set_default(port, "targetPort", port["port"]);
        }
    }

    void validate(const Json &object, Problems &problems) const override {
        const Checker check(object, problems);
        check.one_of("spec.type", {"ClusterIP", "NodePort", "LoadBalancer", "ExternalName"});
        check.one_of("spec.externalTrafficPolicy", {"Cluster", "Local"});
        check.string_map("spec.selector");
        check.string("spec.clusterIP");
        if (!check.array("spec.ports")) return;
        const Json &ports = ports_of(object);
        const bool headless = text_at(object, {"spec", "clusterIP"}) == "None";
        if (ports.empty() && !headless && text_at(object, {"spec", "type"}) != "ExternalName")
            problems.required("spec.ports");
        std::set<std::string> names;
        std::set<std::pair<int64_t, std::string>> numbers;
        for (size_t i = 0; i < ports.size(); ++i) {
            const std::string prefix = "spec.ports[" + std::to_string(i) + "].";
            const Checker each(ports[i], problems, prefix);
            each.required("port");
            if (!each.integer("port", 1, 65535) || !each.integer("nodePort", 0, 65535) || !each.string("name"))
                continue;
            if (!each.one_of("protocol", {"TCP", "UDP", "SCTP"})) continue;
            const std::string name(text_at(ports[i], {"name"}));
            if (name.empty() && ports.size() > 1) problems.required(prefix + "name");
            if (!name.empty() && !is_dns1123_label(name))
                problems.add(prefix + "name", "Invalid value: must be a DNS-1123 label");
            if (!name.empty() && !names.insert(name).second)
                problems.add(prefix + "name", "Duplicate value: \"" + name + "\"");
            if (!numbers.emplace(integer_at(ports[i], {"port"}).value_or(0), text_at(ports[i], {"protocol"})).second)
                problems.add(prefix + "port", "Duplicate value");
            if (integer_at(ports[i], {"nodePort"}).value_or(0) > 0 && !wants_node_ports(object))
                problems.add(prefix + "nodePort", "Forbidden: may not be used when `type` is 'ClusterIP'");
        }
    }

    void validate_update(const Json &before, const Json &after, Problems &problems) const override {
        const auto was = text_at(before, {"spec", "clusterIP"});
        if (!was.empty() && text_at(before, {"spec", "type"}) != "ExternalName" &&
            text_at(after, {"spec", "clusterIP"}) != was)
            problems.immutable("spec.clusterIP");
    }

    rig::Status assign(const Allocations &allocations, const Json *before, Json &object) const override {
        const std::string name(text_at(object, {"metadata", "name"}));
        Json &spec = child(object, "spec");
        const std::string address(text_at(spec, {"clusterIP"}));
        if (address.empty() && text_at(spec, {"type"}) != "ExternalName")
            spec["clusterIP"] = allocations.choose_address(text_at(object, {"metadata", "uid"}));
        else if (!before && address != "None" && !allocations.address_free(address))
            return refuse(name, "spec.clusterIP", "provided IP is already allocated");
        if (const std::string now(text_at(spec, {"clusterIP"})); !now.empty()) spec["clusterIPs"] = Json::array({now});
        if (!spec.contains("ports") || !spec["ports"].is_array()) return {};
        if (!wants_node_ports(object)) {
            for (Json &port : spec["ports"]) port.erase("nodePort");
            return {};
        }
        const std::vector<int> held = before ? node_ports(*before) : std::vector<int>();
        std::vector<int> asked = node_ports(object);
        for (const int port : asked) {
            if (std::binary_search(held.begin(), held.end(), port)) continue;
            if (port < allocations.first_port() || port > allocations.last_port())
                return refuse(name, "spec.ports.nodePort",
                              "provided port " + std::to_string(port) + " is not in the valid range " +
                                  range(allocations));
            if (!allocations.port_free(port))
                return refuse(name, "spec.ports.nodePort",
                              "provided port " + std::to_string(port) + " is already allocated");
        }
        for (Json &port : spec["ports"]) {
            if (integer_at(port, {"nodePort"}).value_or(0) > 0) continue;
            const auto chosen = allocations.choose_port(text_at(object, {"metadata", "uid"}), asked);
            if (!chosen)
                return errors::exhausted("NodePortsExhausted", "cannot create service \"" + name +
                                                                   "\": every node port of " + range(allocations) +
                                                                   " is taken; delete services or widen nodePorts");
            asked.push_back(*chosen);
            port["nodePort"] = *chosen;
        }
        return {};
    }

    void account(Allocations &allocations, std::string_view packed, bool hold) const override {
        allocations.hold_address(value_at(packed, kClusterIp), hold);
        std::string_view ports = value_at(packed, kNodePorts);
        while (!ports.empty()) {
            int port = 0;
            const auto [end, error] = std::from_chars(ports.data(), ports.data() + ports.size(), port);
            if (error != std::errc()) return;
            allocations.hold_port(port, hold);
            ports.remove_prefix(std::min(ports.size(), static_cast<size_t>(end - ports.data()) + 1));
        }
    }

    Json initial_status(const Json &) const override { return {{"loadBalancer", Json::object()}}; }
    void index(const Json &object, std::vector<std::string> &values) const override {
        values[kClusterIp] = text_at(object, {"spec", "clusterIP"});
        values[kType] = text_at(object, {"spec", "type"});
        for (const int port : node_ports(object)) values[kNodePorts] += std::to_string(port) + ",";
    }

private:
    static std::string range(const Allocations &a) {
        return std::to_string(a.first_port()) + "-" + std::to_string(a.last_port());
    }
    static rig::Error refuse(std::string_view name, std::string_view path, const std::string &why) {
        Problems problems;
        problems.add(path, "Invalid value: " + why);
        return errors::invalid("Service", name, problems);
    }
};
} // namespace

const Kind &service_kind() {
    static const Service kind;
    return kind;
}

} // namespace cluster_local
