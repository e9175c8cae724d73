#include "fixture.hpp"

#include <algorithm>

namespace cluster_local {
namespace {
std::string version_of(const std::string &kind) { return kind == "Job" ? "batch/v1" : "v1"; }
const Json kOurs = {{"app.kubernetes.io/managed-by", "rigger"}};
} // namespace

FleetServer server(const std::string &name, int gpus, int64_t cpu) {
    FleetServer s;
    s.id = "srv-" + name;
    s.name = name;
    s.address = "192.0.2.1";
    s.model = "h100_sxm";
    s.count = gpus;
    s.cpu = cpu;
    s.memory_gb = 512;
    s.disk_gb = 1000;
    s.gpu_memory_mb = 81920;
    return s;
}

ClusterTest::ClusterTest() {
    options.store.seed = 11;
    options.script.pull_seconds = {4, 4};
    fleet.servers = {server("node-a"), server("node-b")};
}
void ClusterTest::open() {
    auto opened = Cluster::open(options, clock, [] {});
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    cluster = std::move(*opened);
    const rig::Status set = cluster->set_fleet(fleet);
    ASSERT_TRUE(set.ok()) << set.error().message;
    settle();
}
void ClusterTest::run(double seconds_to_pass) {
    const uint64_t until = clock.mono_ns() + seconds(seconds_to_pass);
    for (int steps = 0; steps < 10'000'000; ++steps) {
        const uint64_t due = cluster->tick();
        if (due > until) break;
        clock.move_to(std::max(due, clock.mono_ns()));
    }
    clock.move_to(until);
}

Json ClusterTest::get(const std::string &kind, const std::string &name, const std::string &name_space) {
    auto text = cluster->get(
        Json{{"apiVersion", version_of(kind)}, {"kind", kind}, {"name", name}, {"namespace", name_space}}.dump());
    return text.ok() ? Json::parse(*text) : Json();
}
rig::Status ClusterTest::remove(const std::string &kind, const std::string &name, Json extra) {
    extra.update(Json{{"apiVersion", version_of(kind)}, {"kind", kind}, {"name", name}, {"namespace", "default"}});
    return cluster->remove(extra.dump());
}
std::vector<Json> ClusterTest::list(const std::string &kind, const std::string &labels, const std::string &fields) {
    rig::testing::ObjectRecorder recorder;
    const rig::Status listed = cluster->list(
        Json{{"apiVersion", version_of(kind)}, {"kind", kind}, {"labelSelector", labels}, {"fieldSelector", fields}}
            .dump(),
        rig::Objects(recorder.raw()));
    EXPECT_TRUE(listed.ok()) << listed.error().message;
    std::vector<Json> out;
    for (const auto &d : recorder.all(rig::testing::Delivery::put)) out.push_back(Json::parse(d.document));
    return out;
}
Json ClusterTest::only_pod() {
    const auto all = pods();
    EXPECT_EQ(all.size(), 1U);
    return all.empty() ? Json::object() : all.front();
}
Json ClusterTest::condition(const Json &object, const std::string &type) {
    const Json status = object.value("status", Json::object());
    for (const Json &c : status.value("conditions", Json::array()))
        if (c.at("type") == type) return c;
    return {};
}
std::string ClusterTest::waiting(const Json &pod) {
    const Json statuses = pod.at("status").value("containerStatuses", Json::array());
    return statuses.empty() ? "" : statuses[0].at("state").value("waiting", Json::object()).value("reason", "");
}

Json ClusterTest::job(const std::string &name, const std::string &node) {
    Json spec = {
        {"restartPolicy", "Never"},
        {"containers",
         Json::array({Json{{"name", "main"}, {"image", "sim/app:1"}, {"resources", {{"requests", {{"cpu", "1"}}}}}}})}};
    if (!node.empty()) spec["nodeName"] = node;
    return {
        {"apiVersion", "batch/v1"},
        {"kind", "Job"},
        {"metadata", {{"name", name}, {"labels", kOurs}}},
        {"spec", {{"backoffLimit", 0}, {"template", {{"metadata", {{"labels", {{"app", name}}}}}, {"spec", spec}}}}}};
}
Json ClusterTest::pod(const std::string &name, const std::string &node) {
    return {{"apiVersion", "v1"},
            {"kind", "Pod"},
            {"metadata", {{"name", name}, {"labels", kOurs}}},
            {"spec", job(name, node)["spec"]["template"]["spec"]}};
}
Json ClusterTest::config_map(const std::string &name) {
    return {{"apiVersion", "v1"},
            {"kind", "ConfigMap"},
            {"metadata", {{"name", name}, {"labels", kOurs}}},
            {"data", {{"key", "value"}}}};
}

} // namespace cluster_local
