#include "api/pod_spec.hpp"

#include "api/json.hpp"
#include "api/names.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace cluster_local {
namespace {
bool latest(std::string_view image) {
    if (image.find('@') != std::string_view::npos) return false;
    const size_t slash = image.rfind('/'), colon = image.rfind(':');
    return colon == std::string_view::npos || (slash != std::string_view::npos && colon < slash) ||
           image.substr(colon) == ":latest";
}

void default_container(Json &container) {
    if (!container.is_object()) return;
    set_default(container, "imagePullPolicy", latest(text_at(container, {"image"})) ? "Always" : "IfNotPresent");
    set_default(container, "terminationMessagePath", "/dev/termination-log");
    set_default(container, "terminationMessagePolicy", "File");
    Json &resources = child(container, "resources");
    if (const Json *limits = find(resources, {"limits"}); limits && limits->is_object()) {
        const Json copy = *limits;
        Json &requests = child(resources, "requests");
        for (const auto &[key, value] : copy.items()) set_default(requests, key.c_str(), value);
    }
    if (container.contains("ports") && container["ports"].is_array())
        for (Json &port : container["ports"])
            if (port.is_object()) set_default(port, "protocol", "TCP");
}

void check_container(const Json &container, const std::string &prefix, std::set<std::string> &names,
                     Problems &problems) {
    const Checker check(container, problems, prefix);
    if (!container.is_object()) return problems.add(prefix, "Invalid value: must be an object");
    if (check.string("name")) {
        const std::string name(text_at(container, {"name"}));
        if (name.empty()) problems.required(prefix + "name");
        else if (!is_dns1123_label(name)) problems.add(prefix + "name", "Invalid value: must be a DNS-1123 label");
        else if (!names.insert(name).second) problems.add(prefix + "name", "Duplicate value: \"" + name + "\"");
    }
    if (check.string("image")) check.required("image");
    check.one_of("imagePullPolicy", {"Always", "IfNotPresent", "Never"});
    for (const char *key : {"command", "args", "env", "envFrom", "ports", "volumeMounts"}) check.array(key);
    check.object("resources");
    const bool limits = check.quantities("resources.limits"), requests = check.quantities("resources.requests");
    if (limits && requests)
        for (const char *key : {"cpu", "memory", "ephemeral-storage", "nvidia.com/gpu"}) {
            const Json *limit = find(container, {"resources", "limits", key}),
                       *request = find(container, {"resources", "requests", key});
            if (limit && request && *parse_quantity(*request, 1000) > *parse_quantity(*limit, 1000))
                problems.add(prefix + "resources.requests",
                             std::string("Invalid value: must be less than or equal to ") + key + " limit");
        }
    for (const Json &variable : list_at(container, {"env"})) {
        const Checker each(variable, problems, prefix + "env.");
        if (each.string("name")) each.required("name");
        each.string("value");
    }
    for (const Json &port : list_at(container, {"ports"})) {
        const Checker each(port, problems, prefix + "ports.");
        each.required("containerPort");
        each.integer("containerPort", 1, 65535);
        each.one_of("protocol", {"TCP", "UDP", "SCTP"});
    }
    for (const Json &mount : list_at(container, {"volumeMounts"})) {
        const Checker each(mount, problems, prefix + "volumeMounts.");
        for (const char *key : {"name", "mountPath"})
            if (each.string(key)) each.required(key);
    }
}
} // namespace

void default_pod_spec(Json &spec) {
    if (!spec.is_object()) return;
    set_default(spec, "restartPolicy", "Always");
    set_default(spec, "terminationGracePeriodSeconds", 30);
    set_default(spec, "dnsPolicy", "ClusterFirst");
    set_default(spec, "schedulerName", "default-scheduler");
    child(spec, "securityContext");
    for (const char *key : {"initContainers", "containers"})
        if (spec.contains(key) && spec[key].is_array())
            for (Json &container : spec[key]) default_container(container);
}

void check_pod_spec(const Json &spec, const std::string &prefix, Problems &problems) {
    const Checker check(spec, problems, prefix);
    check.one_of("restartPolicy", {"Always", "OnFailure", "Never"});
    check.integer("terminationGracePeriodSeconds", 0, INT32_MAX);
    check.integer("activeDeadlineSeconds", 1, INT32_MAX);
    for (const char *key : {"nodeName", "schedulerName", "serviceAccountName", "runtimeClassName"}) check.string(key);
    check.string_map("nodeSelector");
    for (const char *key : {"volumes", "tolerations"}) check.array(key);
    if (check.array("initContainers") && check.array("containers")) {
        std::set<std::string> names;
        if (list_at(spec, {"containers"}).empty()) problems.required(prefix + "containers");
        for (const char *key : {"initContainers", "containers"}) {
            size_t i = 0;
            for (const Json &container : list_at(spec, {key}))
                check_container(container, prefix + key + "[" + std::to_string(i++) + "].", names, problems);
        }
    }
    std::set<std::string_view> volumes;
    for (const Json &volume : list_at(spec, {"volumes"})) {
        const Checker each(volume, problems, prefix + "volumes.");
        if (!each.string("name")) continue;
        const auto name = text_at(volume, {"name"});
        if (!is_dns1123_label(name)) problems.add(prefix + "volumes.name", "Invalid value: must be a DNS-1123 label");
        else if (!volumes.insert(name).second)
            problems.add(prefix + "volumes.name", "Duplicate value: \"" + std::string(name) + "\"");
    }
    for (const char *key : {"initContainers", "containers"})
        for (const Json &container : list_at(spec, {key}))
            for (const Json &mount : list_at(container, {"volumeMounts"}))
                if (const auto name = text_at(mount, {"name"}); !name.empty() && !volumes.contains(name))
                    problems.add(prefix + key + ".volumeMounts.name", "Not found: \"" + std::string(name) + "\"");
}

Resources pod_requests(const Json &spec) {
    Resources sum;
    for (const Json &container : list_at(spec, {"containers"}))
        if (const Json *requests = find(container, {"resources", "requests"})) sum += resources_of(*requests);
    for (const Json &container : list_at(spec, {"initContainers"}))
        if (const Json *requests = find(container, {"resources", "requests"})) {
            const Resources one = resources_of(*requests);
            sum.cpu_milli = std::max(sum.cpu_milli, one.cpu_milli);
            sum.memory = std::max(sum.memory, one.memory);
            sum.storage = std::max(sum.storage, one.storage);
            sum.gpus = std::max(sum.gpus, one.gpus);
        }
    return sum;
}

} // namespace cluster_local
