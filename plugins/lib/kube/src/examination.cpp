#include "examination.hpp"

#include "needs.hpp"

#include <rigger/sdk/try.hpp>
#include <times/rfc3339.hpp>

#include <algorithm>
#include <cstdlib>

namespace kube {
namespace {
using Json = nlohmann::json;

constexpr int oldest_minor = 20; ///< of Kubernetes 1

std::string grant(const std::string &ns) {
    return "rigger cluster rbac" + (ns == "chutes" ? std::string() : " -n " + ns) + " | kubectl apply -f -";
}

/// How far one gets: to the address, through TLS, past the credentials. Each line needs the one before.
void connection(const rig::Result<std::string> &version, const Access &access, Json &checks) {
    const std::string at = access.server();
    const rig::Error none{RIG_OK, "", "", 0};
    const rig::Error &e = version.ok() ? none : version.error();
    const bool own = e.code == RIG_E_INVALID ||
                     e.reason == "ExecFailed"; // what the kubeconfig gives cannot be used: nobody was asked
    const bool certificate = e.reason == "CertificateRefused", unauthorized = e.reason == "Unauthorized",
               answered = version.ok() || unauthorized || e.reason == "Forbidden";
    const char *const unknown = "not reached yet";
    if (own)
        checks.push_back(check("kubeconfig", false, e.message,
                               e.reason == "ExecFailed" ? "run the exec credential plugin by hand as the daemon's user"
                                                        : "mend the kubeconfig"));
    const Json reached = own ? Json() : Json(answered || certificate);
    checks.push_back(check("reachable", reached,
                           own                       ? unknown
                           : answered || certificate ? at + " answers"
                                                     : e.message,
                           own ? "mend the kubeconfig first"
                               : "check that the API server runs, that the kubeconfig's server is right, and that this "
                                 "machine may reach that address and port"));
    checks.push_back(check(
        "TLS",
        answered      ? Json(true)
        : certificate ? Json(false)
                      : Json(),
        answered      ? "the certificate is verified"
        : certificate ? e.message
                      : unknown,
        certificate
            ? "give the right certificate-authority, and a server name that the certificate holds, in the kubeconfig"
            : "mend what is above first"));
    checks.push_back(check("credentials",
                           unauthorized ? Json(false)
                           : answered   ? Json(true)
                                        : Json(),
                           unauthorized ? e.message
                           : answered   ? "accepted"
                                        : unknown,
                           unauthorized ? "renew the token or the client certificate in the kubeconfig"
                                        : "mend what is above first"));
}

/// Before it is too late: in its last tenth, at most in its last week.
void certificate(Client &client, const Effort &effort, int64_t now_ns, Json &checks) {
    constexpr int64_t day_ns = 24 * 3600 * static_cast<int64_t>(second_ns);
    const auto identity = client.identity(effort);
    if (!identity.ok() || !identity->certificate) return;
    const auto [from, until] = *identity->certificate;
    const bool fresh = until - now_ns > std::min(7 * day_ns, (until - from) / 10);
    checks.push_back(check("client certificate", fresh,
                           (now_ns > until ? "expired at " : "valid until ") + times::to_rfc3339(until),
                           "put a new certificate and its key into the kubeconfig; no restart is needed"));
}

Json version_check(const std::string &version) {
    int minor = 0; // "v1.29.3", "v1.20.2+k3s1"
    const bool known = version.starts_with("v1.") && (minor = std::atoi(version.c_str() + 3)) > 0;
    return check("version",
                 known                      ? Json(minor >= oldest_minor)
                 : version.starts_with("v") ? Json(true)
                                            : Json(),
                 version, "run Kubernetes 1." + std::to_string(oldest_minor) + " or later");
}

Json namespace_check(Client &client, const Effort &effort, const std::string &ns) {
    const auto space = client.get(effort, *known_resource("v1", "Namespace"), {}, ns);
    const std::string name = "namespace " + ns;
    if (space.ok()) return check(name, true, "exists", "");
    if (space.error().code == RIG_E_NOT_FOUND)
        return check(name, false, "does not exist", "kubectl create namespace " + ns + ", or: " + grant(ns));
    return check(name, nullptr, space.error().message, grant(ns));
}

/// Without it the API server refuses every pod of ours, and nothing but an event of the Job says so.
Json runtime_class_check(Client &client, const Effort &effort, const std::string &name) {
    const auto found = client.get(effort, {"node.k8s.io/v1", "RuntimeClass", "runtimeclasses", false}, {}, name);
    const std::string what = "runtime class " + name;
    if (found.ok()) return check(what, true, "exists", "");
    if (found.error().code != RIG_E_NOT_FOUND)
        return check(what, nullptr, found.error().message,
                     "let the user get runtimeclasses, as `rigger cluster rbac` does");
    return check(
        what, false, "does not exist; no pod that asks for it is made",
        "install NVIDIA's GPU operator, which brings it; or, where the container runtime has a handler of that "
        "name: kubectl apply -f - <<< '{\"apiVersion\":\"node.k8s.io/v1\",\"kind\":\"RuntimeClass\","
        "\"metadata\":{\"name\":\"" +
            name + "\"},\"handler\":\"" + name +
            "\"}'; or name another as runtimeClass, here and in the market's source");
}

Json permission(Client &client, const Effort &effort, const Need &need, const std::string &ns) {
    const std::string what =
        std::string(need.resource) + (*need.subresource ? "/" + std::string(need.subresource) : "");
    const std::string name = std::string("may ") + need.verb + " " + what + (need.namespaced ? " in " + ns : "");
    Json attributes = {
        {"verb", need.verb}, {"group", need.group}, {"resource", need.resource}, {"subresource", need.subresource}};
    if (need.namespaced) attributes["namespace"] = ns;
    const Json review = {{"apiVersion", "authorization.k8s.io/v1"},
                         {"kind", "SelfSubjectAccessReview"},
                         {"spec", {{"resourceAttributes", attributes}}}};
    const auto text = client.ask(
        effort, {"POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review.dump(), "application/json"},
        "asking for a permission");
    if (!text.ok())
        return check(name, nullptr, text.error().message,
                     text.error().code == RIG_E_DENIED
                         ? "let the user create selfsubjectaccessreviews (role system:basic-user)"
                         : "try again");
    const Json answer = Json::parse(*text, nullptr, false);
    const Json &status = rig::json::at(answer, "status");
    if (!status.is_object() || !status.contains("allowed") || !status["allowed"].is_boolean())
        return check(name, nullptr, "the answer cannot be read", "try again");
    const bool allowed = status["allowed"].get<bool>();
    const std::string reason = rig::json::get(status, "reason", "");
    return check(name, allowed,
                 allowed          ? "allowed"
                 : reason.empty() ? "not allowed"
                                  : "not allowed: " + reason,
                 grant(ns));
}

/// Workers that have something, and the names of those that have not.
struct Tally {
    size_t with = 0, without = 0;
    std::string names;
    void count(bool has, const std::string &name) {
        if (has) ++with;
        else if (++without <= 10) names += (names.empty() ? "" : ", ") + name;
    }
    Json line(const char *what, const char *have, const char *remedy) const {
        std::string detail = std::to_string(with) + " of " + std::to_string(with + without) + " workers " + have;
        if (without)
            detail += "; not: " + names + (without > 10 ? " and " + std::to_string(without - 10) + " more" : "");
        return check(what, without == 0, std::move(detail), remedy);
    }
};

bool condition(const Json &node, const char *type, const char *wanted) {
    for (const Json &one : rig::json::at(rig::json::at(node, "status"), "conditions"))
        if (rig::json::get(one, "type", "") == type) return rig::json::get(one, "status", "") == wanted;
    return false;
}

void nodes(Client &client, const Effort &effort, bool every_node_serves, Json &checks) {
    size_t all = 0, workers = 0;
    Tally ready, model, gpu, storage;
    const auto done =
        client.list(effort, *known_resource("v1", "Node"), {}, 0, [&](std::string_view text) -> rig::Status {
            const Json node = Json::parse(text.begin(), text.end(), nullptr, false);
            const Json &meta = rig::json::at(node, "metadata"),
                       &capacity = rig::json::at(rig::json::at(node, "status"), "capacity");
            const Json &labels = rig::json::at(meta, "labels");
            const std::string name = rig::json::get(meta, "name", "");
            ++all;
            if (rig::json::get(labels, "chutes/worker", every_node_serves ? "" : "false") == "false") return {};
            ++workers;
            ready.count(condition(node, "Ready", "True"), name);
            model.count(!rig::json::get(labels, "gpu-short-ref", "").empty() ||
                            !rig::json::get(labels, "nvidia.com/gpu.product", "").empty(),
                        name);
            gpu.count(rig::json::get(capacity, "nvidia.com/gpu", "0") != "0", name);
            storage.count(rig::json::get(capacity, "ephemeral-storage", "0") != "0" &&
                              !condition(node, "DiskPressure", "True"),
                          name);
            return {};
        });
    if (!done.ok()) {
        checks.push_back(check("nodes", nullptr, done.error().message, "mend what is above first"));
        return;
    }
    checks.push_back(check("nodes", workers > 0,
                           std::to_string(all) + " nodes, " + std::to_string(workers) +
                               (every_node_serves ? " without label chutes/worker=false" : " with label chutes/worker"),
                           every_node_serves ? "join a node to the cluster, or take the label off it: "
                                               "kubectl label node NAME chutes/worker-"
                                             : "label the GPU nodes: kubectl label node NAME chutes/worker=true"));
    if (workers == 0) return;
    checks.push_back(ready.line("nodes ready", "are Ready", "look at the kubelet there: kubectl describe node NAME"));
    checks.push_back(model.line("GPU labels", "have label gpu-short-ref or nvidia.com/gpu.product",
                                "kubectl label node NAME gpu-short-ref=MODEL, such as h100_sxm"));
    checks.push_back(gpu.line("GPUs", "offer nvidia.com/gpu", "install the NVIDIA driver and device plugin there"));
    checks.push_back(
        storage.line("storage", "have room and say how much ephemeral-storage",
                     "free disk space there; without any size check the kubelet's local storage isolation"));
}
} // namespace

Json check(std::string name, Json ok, std::string detail, std::string remedy) {
    return {{"check", std::move(name)},
            {"ok", ok},
            {"detail", std::move(detail)},
            {"remedy", ok == true ? std::string() : std::move(remedy)}};
}

Json examine(Client &client, const Effort &effort, const FleetSettings &settings) {
    const std::string &ns = settings.work_namespace, &runtime_class = settings.runtime_class;
    Json checks = Json::array();
    const auto version = client.version(effort);
    connection(version, client.access(), checks);
    certificate(client, effort, effort.clock->wall_ns(), checks);
    if (!version.ok() && version.error().reason != "Forbidden") return checks;
    if (const rig::Status ready = client.ready(effort); ready.ok())
        checks.push_back(check("ready", true, "can serve", ""));
    else if (ready.error().reason == "ServerError")
        checks.push_back(check("ready", false, ready.error().message, "look at the control plane, at etcd above all"));
    if (version.ok()) checks.push_back(version_check(*version));
    else
        checks.push_back(check("version", nullptr, version.error().message,
                               "let the user read /version (role system:public-info-viewer)"));
    checks.push_back(namespace_check(client, effort, ns));
    for (const Need &need : needs) checks.push_back(permission(client, effort, need, ns));
    if (!runtime_class.empty()) checks.push_back(runtime_class_check(client, effort, runtime_class));
    nodes(client, effort, settings.every_node_serves, checks);
    return checks;
}

} // namespace kube
