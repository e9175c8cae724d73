#include "simulation/fake_cluster.hpp"

#include <nlohmann/json.hpp>

namespace rigger::sim {
using nlohmann::json;
using namespace std::chrono_literals;

struct FakeCluster::Stored {
    json object;
};

namespace {
std::string text(const json &object, const char *a, const char *b) {
    if (!object.contains(a) || !object[a].contains(b) || !object[a][b].is_string()) return {};
    return object[a][b].get<std::string>();
}
std::string owner_of(const json &object) {
    const json labels = object["metadata"].value("labels", json::object());
    return labels.value(std::string(deployment_label), "");
}
std::optional<ObjectKind> watched(const std::string &kind) {
    for (const ObjectKind k : watched_kinds)
        if (kind_name(k) == kind) return k;
    return std::nullopt;
}
} // namespace

FakeCluster::FakeCluster(World &world) : world_(world) {}
FakeCluster::~FakeCluster() = default;

void FakeCluster::add_node(const NodeSpec &spec) {
    json gpus = json::array();
    for (int i = 0; i < spec.gpus; ++i)
        gpus.push_back({{"id", spec.name + "gpu" + std::to_string(i)}, {"verified", true}});
    json node{
        {"apiVersion", "v1"},
        {"kind", "Node"},
        {"metadata",
         {{"name", spec.name},
          {"labels", {{"chutes/worker", "true"}, {"gpu-short-ref", spec.model}, {"chutes/external-ip", "192.0.2.1"}}},
          {"annotations",
           {{"rigger.dev/gpus", gpus.dump()},
            {"rigger.dev/hourly-cost", "1.5"},
            {"rigger.dev/locked", spec.locked ? "true" : "false"}}}}},
        {"status",
         {{"capacity",
           {{"cpu", "64"},
            {"memory", "512Gi"},
            {"ephemeral-storage", "2000Gi"},
            {"nvidia.com/gpu", std::to_string(spec.gpus)}}},
          {"conditions", json::array({{{"type", "Ready"}, {"status", "True"}}})}}}};
    put({"Node", "", spec.name}, std::move(node));
}

void FakeCluster::remove_node(const std::string &name) {
    erase({"Node", "", name});
    std::vector<Key> lost;
    for (const auto &[key, stored] : objects_)
        if (std::get<0>(key) == "Pod" && text(stored->object, "spec", "nodeName") == name) lost.push_back(key);
    for (const Key &pod : lost) {
        const std::string owner = owner_of(objects_[pod]->object);
        erase(pod);
        fail_job(owner);
    }
}

void FakeCluster::set_node_ready(const std::string &name, bool ready) {
    const auto at = objects_.find({"Node", "", name});
    if (at == objects_.end()) return;
    json node = at->second->object;
    node["status"]["conditions"][0]["status"] = ready ? "True" : "False";
    put(at->first, std::move(node));
}

void FakeCluster::label_node(const std::string &name, const std::string &key, const std::string &value) {
    json node = objects_.at({"Node", "", name})->object;
    if (value.empty()) node["metadata"]["labels"].erase(key);
    else node["metadata"]["labels"][key] = value;
    put({"Node", "", name}, std::move(node));
}

void FakeCluster::annotate_node(const std::string &name, const std::string &key, const std::string &value) {
    json node = objects_.at({"Node", "", name})->object;
    if (value.empty()) node["metadata"]["annotations"].erase(key);
    else node["metadata"]["annotations"][key] = value;
    put({"Node", "", name}, std::move(node));
}

void FakeCluster::declare_gpus(const std::string &name, const std::vector<std::string> &ids) {
    json gpus = json::array(), node = objects_.at({"Node", "", name})->object;
    for (const std::string &id : ids) gpus.push_back({{"id", id}, {"verified", true}});
    node["metadata"]["annotations"]["rigger.dev/gpus"] = gpus.dump();
    put({"Node", "", name}, std::move(node));
}

std::vector<std::string> FakeCluster::nodes() const {
    std::vector<std::string> names;
    for (const auto &[key, stored] : objects_)
        if (std::get<0>(key) == "Node") names.push_back(std::get<2>(key));
    return names;
}

Status FakeCluster::outage(std::string_view cluster) const {
    if (!cluster.empty() && cluster != called)
        return Error{Code::invalid, "UnknownCluster", "no cluster " + std::string(cluster), 0};
    if (down) return Error{Code::unavailable, "Refused", "connection refused", 0};
    return {};
}

template <typename F> std::optional<FakeCluster::Key> FakeCluster::find(const std::string &kind, F &&wanted) const {
    for (const auto &[key, stored] : objects_)
        if (std::get<0>(key) == kind && wanted(stored->object)) return key;
    return std::nullopt;
}

void FakeCluster::put(const Key &key, json object) {
    auto &slot = objects_[key];
    json &meta = object["metadata"];
    if (!slot) {
        slot = std::make_unique<Stored>();
        meta["uid"] = "uid-" + std::to_string(next_uid_++);
        meta["creationTimestamp"] = to_rfc3339(world_.wall());
    } else {
        meta["uid"] = slot->object["metadata"]["uid"];
        meta["creationTimestamp"] = slot->object["metadata"]["creationTimestamp"];
    }
    meta["resourceVersion"] = std::to_string(version_++);
    slot->object = std::move(object);
    if (const auto kind = watched(std::get<0>(key)); kind && on_change)
        on_change(*kind, ObjectChange::put, slot->object.dump());
}

void FakeCluster::erase(const Key &key) {
    const auto at = objects_.find(key);
    if (at == objects_.end()) return;
    const std::string last = at->second->object.dump();
    objects_.erase(at);
    if (const auto kind = watched(std::get<0>(key)); kind && on_change) on_change(*kind, ObjectChange::removed, last);
}

Status FakeCluster::list(const CallContext &, std::string_view query, ObjectSink &sink) {
    const json q = json::parse(query);
    RIG_TRY(outage(q.value("cluster", "")));
    const std::string kind = q.value("kind", ""), selector = q.value("labelSelector", "");
    if (kind != "Job" && kind != "Service" && kind != "ConfigMap" && kind != "Pod" && kind != "Node")
        return Error{Code::unsupported, "UnknownKind", "this cluster has no kind " + kind, 0};
    const std::string owner = selector.substr(selector.find('=') + 1);
    if (!listings_empty && !(hides && kind != "Node"))
        for (const auto &[key, stored] : objects_)
            if (std::get<0>(key) == kind && (selector.empty() || owner_of(stored->object) == owner))
                RIG_TRY(sink.object(ObjectChange::sync, called, stored->object.dump()));
    return sink.mark(called, Mark::complete, "");
}

Result<std::string> FakeCluster::get(const CallContext &, std::string_view ref) {
    const json r = json::parse(ref);
    RIG_TRY(outage(r.value("cluster", "")));
    const auto at = objects_.find({r.value("kind", ""), r.value("namespace", ""), r.value("name", "")});
    if (at == objects_.end()) return not_found("NotFound", "no such object");
    return at->second->object.dump();
}

Result<std::string> FakeCluster::apply(const CallContext &, std::string_view cluster, std::string_view document,
                                       ApplyFlags flags) {
    RIG_TRY(outage(cluster));
    json object = json::parse(document);
    const Key key{object["kind"].get<std::string>(), text(object, "metadata", "namespace"),
                  text(object, "metadata", "name")};
    const auto at = objects_.find(key);
    if (at != objects_.end()) {
        if (flags.create_only) return Error{Code::conflict, "AlreadyExists", std::get<2>(key) + " exists", 0};
        if (owner_of(at->second->object) != owner_of(object))
            return Error{Code::conflict, "NotOurs", std::get<2>(key) + " is not ours", 0};
        return at->second->object.dump();
    }
    if (std::get<0>(key) == "Service")
        for (json &port : object["spec"]["ports"]) port["nodePort"] = next_port_++;
    put(key, std::move(object));
    if (std::get<0>(key) == "Job") {
        for (const auto &[other, stored] : objects_)
            if (std::get<0>(other) == "Job" && other != key &&
                owner_of(stored->object) == owner_of(objects_[key]->object))
                violation = "two jobs of deployment " + owner_of(stored->object);
        world_.after(world_.between(50ms, 2s), [this, key] { start_pod(key); });
    }
    return objects_[key]->object.dump();
}

void FakeCluster::start_pod(const Key &job) {
    const auto at = objects_.find(job);
    if (at == objects_.end() || at->second->object["metadata"].contains("deletionTimestamp")) return;
    const json &from = at->second->object;
    const Key key{"Pod", std::get<1>(job), std::get<2>(job) + "-pod"};
    if (objects_.contains(key)) return;
    json pod{{"apiVersion", "v1"},
             {"kind", "Pod"},
             {"metadata",
              {{"name", std::get<2>(key)}, {"namespace", std::get<1>(key)}, {"labels", from["metadata"]["labels"]}}},
             {"spec",
              {{"nodeName", from["spec"].value("nodeName", "")}, {"gpus", from["spec"].value("gpus", json::array())}}},
             {"status", {{"phase", "Pending"}}}};
    put(key, std::move(pod));
    check_gpus();
    json updated = objects_[job]->object;
    updated["status"] = {{"active", 1}};
    put(job, std::move(updated));
    world_.after(world_.between(least_start, most_start),
                 [this, key] { set_pod_phase(key, world_.chance(pod_failure_rate) ? "Failed" : "Running"); });
}

void FakeCluster::set_pod_phase(const Key &pod, const std::string &phase) {
    const auto at = objects_.find(pod);
    if (at == objects_.end()) return;
    json updated = at->second->object;
    const std::string owner = owner_of(updated);
    updated["status"] = {{"phase", phase}, {"containerStatuses", json::array({{{"ready", phase == "Running"}}})}};
    put(pod, std::move(updated));
    if (phase == "Failed") fail_job(owner);
}

void FakeCluster::fail_pod(const std::string &deployment) {
    if (const auto pod = find("Pod", [&](const json &o) { return owner_of(o) == deployment; }))
        set_pod_phase(*pod, "Failed");
}

void FakeCluster::fail_job(const std::string &deployment) {
    const auto job = find("Job", [&](const json &o) { return owner_of(o) == deployment; });
    if (!job) return;
    json updated = objects_[*job]->object;
    updated["status"] = {{"failed", 1}};
    put(*job, std::move(updated));
}

void FakeCluster::vanish(const std::string &deployment) {
    for (const char *kind : {"Pod", "Job"})
        if (const auto key = find(kind, [&](const json &o) { return owner_of(o) == deployment; })) erase(*key);
}

void FakeCluster::vanish_all(const std::string &deployment) {
    vanish(deployment);
    for (const char *kind : {"Service", "ConfigMap"})
        if (const auto key = find(kind, [&](const json &o) { return owner_of(o) == deployment; })) erase(*key);
}

void FakeCluster::add_foreign(const std::string &name) {
    put({"Job", "other", name}, {{"apiVersion", "batch/v1"},
                                 {"kind", "Job"},
                                 {"metadata", {{"name", name}, {"namespace", "other"}}},
                                 {"spec", json::object()}});
}

std::string FakeCluster::owner(const std::string &kind, const std::string &namespace_name,
                               const std::string &name) const {
    const auto at = objects_.find({kind, namespace_name, name});
    return at == objects_.end() ? std::string() : owner_of(at->second->object);
}

bool FakeCluster::runs(const std::string &deployment) const {
    const auto stands = [&](const char *kind) {
        return find(kind,
                    [&](const json &o) {
                        return owner_of(o) == deployment && !o["metadata"].contains("deletionTimestamp") &&
                               text(o, "status", "phase") != "Failed" &&
                               !(o.contains("status") && o["status"].contains("failed"));
                    })
            .has_value();
    };
    return stands("Job") && stands("Pod");
}

Status FakeCluster::remove(const CallContext &, std::string_view ref) {
    const json r = json::parse(ref);
    RIG_TRY(outage(r.value("cluster", "")));
    const Key key{r.value("kind", ""), r.value("namespace", ""), r.value("name", "")};
    const auto at = objects_.find(key);
    if (at == objects_.end()) return not_found("NotFound", "no such object");
    if (r.contains("uid") && r["uid"] != at->second->object["metadata"]["uid"])
        return Error{Code::conflict, "UidMismatch", "another object has that name", 0};
    if (std::get<0>(key) != "Job" && std::get<0>(key) != "Pod") {
        erase(key);
        return {};
    }
    const auto mark = [this](const Key &k) {
        const auto found = objects_.find(k);
        if (found == objects_.end() || found->second->object["metadata"].contains("deletionTimestamp")) return;
        json updated = found->second->object;
        updated["metadata"]["deletionTimestamp"] = to_rfc3339(world_.wall());
        put(k, std::move(updated));
    };
    mark(key);
    const Key pod = std::get<0>(key) == "Job" ? Key{"Pod", std::get<1>(key), std::get<2>(key) + "-pod"} : key;
    mark(pod);
    const std::string uid = text(objects_[key]->object, "metadata", "uid");
    world_.after(world_.between(100ms, most_termination), [this, key, pod, uid] {
        const auto still = objects_.find(key);
        if (still == objects_.end() || text(still->second->object, "metadata", "uid") != uid) return;
        erase(pod);
        erase(key);
    });
    return {};
}

void FakeCluster::check_gpus() {
    std::map<std::string, std::vector<std::string>> held;
    for (const auto &[key, stored] : objects_)
        if (std::get<0>(key) == "Pod")
            for (const json &gpu : stored->object["spec"]["gpus"])
                held[gpu.get<std::string>()].push_back(std::get<2>(key));
    for (const auto &[gpu, pods] : held)
        if (pods.size() > pods_per_gpu)
            violation = "GPU " + gpu + " is held by " + pods[pods.size() - 2] + " and " + pods.back();
}

std::vector<std::string> FakeCluster::documents(ObjectKind kind) const {
    std::vector<std::string> out;
    if (hides && kind != ObjectKind::node) return out;
    for (const auto &[key, stored] : objects_)
        if (std::get<0>(key) == kind_name(kind)) out.push_back(stored->object.dump());
    return out;
}

size_t FakeCluster::count(const std::string &kind) const {
    size_t n = 0;
    for (const auto &[key, stored] : objects_)
        n += std::get<0>(key) == kind && (kind == "Node" || !owner_of(stored->object).empty());
    return n;
}

std::set<std::string> FakeCluster::owners(const std::string &kind) const {
    std::set<std::string> out;
    for (const auto &[key, stored] : objects_)
        if (std::get<0>(key) == kind)
            if (const std::string owner = owner_of(stored->object); !owner.empty()) out.insert(owner);
    return out;
}

} // namespace rigger::sim
