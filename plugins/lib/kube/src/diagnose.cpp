// What an operator should know when a cluster does not work: reachability, TLS and version, each permission, GPU labels, storage.
#include "kube/fleet.hpp"
#include "kube/try.hpp"
#include "query.hpp"

namespace kube {
namespace {
using Json = nlohmann::json;

constexpr uint64_t patience_ns = 8 * second_ns;

struct Need {
    const char *verb, *group, *resource, *subresource;
    bool namespaced;
};
/// What rigger asks of an API server. The namespace of the workloads for what it changes, everywhere for what it watches.
constexpr Need needs[] = {{"list", "", "nodes", "", false},          {"watch", "", "nodes", "", false},        {"list", "", "pods", "", false},          {"watch", "", "pods", "", false},
                          {"list", "batch", "jobs", "", false},      {"watch", "batch", "jobs", "", false},    {"list", "", "services", "", false},      {"watch", "", "services", "", false},
                          {"get", "batch", "jobs", "", true},        {"create", "batch", "jobs", "", true},    {"patch", "batch", "jobs", "", true},     {"delete", "batch", "jobs", "", true},
                          {"get", "", "services", "", true},         {"create", "", "services", "", true},     {"patch", "", "services", "", true},      {"delete", "", "services", "", true},
                          {"get", "", "configmaps", "", true},       {"list", "", "configmaps", "", true},     {"create", "", "configmaps", "", true},   {"patch", "", "configmaps", "", true},
                          {"delete", "", "configmaps", "", true},    {"get", "", "pods", "", true},            {"delete", "", "pods", "", true},         {"get", "", "pods", "log", true},
                          {"list", "apps", "deployments", "", true}, {"list", "apps", "statefulsets", "", true}};

Json check(std::string name, Json ok, std::string detail, std::string remedy) {
    return {{"check", std::move(name)}, {"ok", ok}, {"detail", std::move(detail)}, {"remedy", ok == true ? std::string() : std::move(remedy)}};
}

std::string remedy_of(const rig::Error &e) {
    if (e.reason == "CertificateRefused") return "give the right certificate-authority, and a server name that the certificate holds, in the kubeconfig";
    if (e.reason == "Unauthorized") return "renew the credentials in the kubeconfig";
    if (e.reason == "ExecFailed") return "run the exec credential plugin by hand as the daemon's user";
    if (e.code == RIG_E_INVALID) return "mend the kubeconfig";
    return "check that the API server runs, and that this machine may reach its address and port";
}

Json permission(Client &client, const Effort &effort, const Need &need, const std::string &ns) {
    const std::string what = std::string(need.resource) + (*need.subresource ? "/" + std::string(need.subresource) : "");
    const std::string name = std::string("may ") + need.verb + " " + what + (need.namespaced ? " in " + ns : "");
    Json attributes = {{"verb", need.verb}, {"group", need.group}, {"resource", need.resource}, {"subresource", need.subresource}};
    if (need.namespaced) attributes["namespace"] = ns;
    const Json review = {{"apiVersion", "authorization.k8s.io/v1"}, {"kind", "SelfSubjectAccessReview"}, {"spec", {{"resourceAttributes", attributes}}}};
    const auto text = client.ask(effort, {"POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review.dump(), "application/json"}, "asking for a permission");
    if (!text.ok()) return check(name, nullptr, text.error().message, "let the user create selfsubjectaccessreviews (system:basic-user)");
    const Json answer = Json::parse(*rig::Result<std::string>(text), nullptr, false);
    const Json &status = rig::json::at(answer, "status");
    const bool allowed = rig::json::get(status, "allowed", false);
    const std::string reason = rig::json::get(status, "reason", "");
    return check(name, allowed, allowed ? "allowed" : reason.empty() ? "not allowed" : "not allowed: " + reason, "apply docs/operators/kubernetes-rbac.yaml");
}

void nodes(Client &client, const Effort &effort, Json &checks) {
    size_t all = 0, workers = 0, labelled = 0, gpus = 0, sized = 0;
    std::string without_model, without_gpu, without_disk;
    const auto note = [](std::string &list, const std::string &name) { list += (list.empty() ? "" : ", ") + name; };
    const auto done = client.list(effort, *known_resource("v1", "Node"), {}, 0, [&](std::string_view text) -> rig::Status {
        const Json node = Json::parse(text.begin(), text.end(), nullptr, false);
        const Json &meta = rig::json::at(node, "metadata"), &capacity = rig::json::at(rig::json::at(node, "status"), "capacity");
        const Json &labels = rig::json::at(meta, "labels");
        const std::string name = rig::json::get(meta, "name", "");
        ++all;
        if (!labels.contains("chutes/worker")) return {};
        ++workers;
        if (labels.contains("gpu-short-ref")) ++labelled; else note(without_model, name);
        if (rig::json::get(capacity, "nvidia.com/gpu", "0") != "0") ++gpus; else note(without_gpu, name);
        if (capacity.contains("ephemeral-storage")) ++sized; else note(without_disk, name);
        return {};
    });
    if (!done.ok()) {
        checks.push_back(check("nodes", nullptr, done.error().message, "see the checks above"));
        return;
    }
    const std::string of = " of " + std::to_string(workers) + " workers";
    checks.push_back(check("nodes", workers > 0, std::to_string(all) + " nodes, " + std::to_string(workers) + " with label chutes/worker", "label the GPU nodes: kubectl label node NAME chutes/worker=true"));
    if (workers == 0) return;
    checks.push_back(check("GPU labels", without_model.empty(), std::to_string(labelled) + of + " have label gpu-short-ref" + (without_model.empty() ? "" : "; not: " + without_model),
                           "kubectl label node NAME gpu-short-ref=MODEL"));
    checks.push_back(check("GPUs", without_gpu.empty(), std::to_string(gpus) + of + " have nvidia.com/gpu" + (without_gpu.empty() ? "" : "; not: " + without_gpu), "install the NVIDIA device plugin on them"));
    checks.push_back(check("storage", without_disk.empty(), std::to_string(sized) + of + " say their ephemeral-storage" + (without_disk.empty() ? "" : "; not: " + without_disk),
                           "check the kubelet's local storage isolation on them"));
}

Json examine(Client &client, const Effort &effort, const std::string &ns) {
    Json checks = Json::array();
    const auto version = client.version(effort);
    if (!version.ok()) {
        const rig::Error &e = version.error();
        const bool tls = e.reason == "CertificateRefused";
        checks.push_back(check("reachable", tls || e.reason == "Unauthorized" || e.reason == "Forbidden", e.message, remedy_of(e)));
        checks.push_back(check("TLS", tls ? Json(false) : Json(), tls ? e.message : "not reached", remedy_of(e)));
        return checks;
    }
    checks.push_back(check("reachable", true, client.access().server() + " answers", ""));
    checks.push_back(check("TLS", true, "the certificate is verified", ""));
    auto text = version;
    checks.push_back(check("version", true, *text, ""));
    const auto space = client.get(effort, *known_resource("v1", "Namespace"), {}, ns);
    if (space.ok()) checks.push_back(check("namespace " + ns, true, "exists", ""));
    else if (space.error().code == RIG_E_NOT_FOUND) checks.push_back(check("namespace " + ns, false, "does not exist", "kubectl create namespace " + ns));
    else checks.push_back(check("namespace " + ns, nullptr, space.error().message, "apply docs/operators/kubernetes-rbac.yaml"));
    for (const Need &need : needs) checks.push_back(permission(client, effort, need, ns));
    nodes(client, effort, checks);
    return checks;
}
} // namespace

rig::Result<std::string> Fleet::diagnose(rig::Call call, std::string_view text) {
    KUBE_ASSIGN(const Json request, rig::json::object(text.empty() ? "{}" : text, "request"));
    if (request.contains("cluster") && !request["cluster"].is_string()) return rig::Error{RIG_E_INVALID, "BadRequest", "cluster must be a text", 0};
    Clusters chosen = clusters();
    if (const std::string name = rig::json::get(request, "cluster", ""); !name.empty()) {
        KUBE_ASSIGN(const auto one, cluster(name));
        chosen = {{one->name(), one}};
    }
    const Effort patience = effort(call).within(patience_ns);
    Json out = Json::array();
    for (const auto &[name, member] : chosen) out.push_back({{"name", name}, {"checks", examine(member->client(), patience, settings_.work_namespace)}});
    return rig::json::text(Json{{"clusters", std::move(out)}});
}

} // namespace kube
