#include "backend.hpp"

#include <nlohmann/json.hpp>

namespace rigger::store_test {

WallTime moment(int64_t seconds) { return {(1'760'000'000 + seconds) * 1'000'000'000 + 123'456'000}; }

Server sample_server(int n, int gpus) {
    const std::string tag = std::to_string(n);
    Server s;
    s.id = ServerId("server-" + tag);
    s.name = "gpu-node-" + tag;
    s.cluster = ClusterName("local/east");
    s.validator = "5Validator";
    s.ip_address = "10.0.0." + tag;
    s.hourly_cost = 1.25 + n;
    s.locked = true;
    s.tee = true;
    s.ready = true;
    s.cpu_per_gpu = 7;
    s.memory_per_gpu = 48;
    s.disk_total_gb = 1800.5;
    s.disk_used_gb = 12.25;
    s.labels = R"({"zone":"a","rack":"7"})";
    s.created_at = moment(n);
    for (int i = 0; i < gpus; ++i) {
        Gpu g;
        g.id = GpuId("gpu-" + tag + "-" + std::to_string(i));
        g.server = s.id;
        g.model = "h100_sxm";
        g.device_info = R"({"name":"H100","memory":85899345920})";
        g.verified = true;
        g.reserved = i == 1;
        s.gpus.push_back(std::move(g));
    }
    return s;
}

Offer sample_offer(int n) {
    Offer o;
    o.id = OfferId("offer-" + std::to_string(n));
    o.source = SourceName("catalog");
    o.name = "demo ✓ " + std::to_string(n);
    o.version = "v" + std::to_string(n);
    o.image = "sim/vllm:0.10";
    o.chutes_version = "0.3.31";
    o.needs.gpu_count = 2;
    o.needs.gpu_milli = 500;
    o.needs.gpu_models = {"a100", "h100_sxm"};
    o.needs.tee = true;
    o.preemptible = false;
    return o;
}

Deployment sample_deployment(int n, const Offer &offer, const Server &server) {
    Deployment d;
    d.id = DeploymentId("deployment-" + std::to_string(n));
    d.instance = InstanceId("instance-" + std::to_string(n));
    d.source = offer.source;
    d.validator = server.validator;
    d.offer = offer.id;
    d.offer_name = offer.name;
    d.server = server.id;
    d.cluster = server.cluster;
    d.node_name = server.name;
    d.namespace_name = "chutes";
    d.version = offer.version;
    d.config_id = "config-" + std::to_string(n);
    d.host = "10.0.0.9";
    d.port = 31000 + n;
    d.job_id = "job-" + std::to_string(n);
    d.preemptible = false;
    d.phase = Phase::terminating;
    d.gpus = {GpuId("gpu-a"), GpuId("gpu-b")};
    d.gpu_milli = 400;
    d.created_at = moment(n);
    d.phase_since = moment(n + 1);
    d.verified_at = moment(n + 2);
    d.activated_at = moment(n + 3);
    d.terminating_since = moment(n + 4);
    d.end_cause = "JobFailed";
    d.end_reason = "the job's pod ended with code 1";
    d.operator_wish = true;
    return d;
}

JournalEntry sample_event(int n) {
    JournalEntry e;
    e.at = moment(n);
    e.origin = "catalog";
    e.event_id = "event-" + std::to_string(n);
    e.type = "instance_activated";
    e.document = R"({"n":)" + std::to_string(n) + "}";
    return e;
}

void expect_same(const Server &a, const Server &b) {
    EXPECT_EQ(a.id, b.id);
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.cluster, b.cluster);
    EXPECT_EQ(a.validator, b.validator);
    EXPECT_EQ(a.ip_address, b.ip_address);
    EXPECT_EQ(a.hourly_cost, b.hourly_cost);
    EXPECT_EQ(a.locked, b.locked);
    EXPECT_EQ(a.tee, b.tee);
    EXPECT_EQ(a.ready, b.ready);
    EXPECT_EQ(a.cpu_per_gpu, b.cpu_per_gpu);
    EXPECT_EQ(a.memory_per_gpu, b.memory_per_gpu);
    EXPECT_EQ(a.disk_total_gb, b.disk_total_gb);
    EXPECT_EQ(a.disk_used_gb, b.disk_used_gb);
    EXPECT_EQ(nlohmann::json::parse(a.labels), nlohmann::json::parse(b.labels));
    EXPECT_EQ(a.created_at, b.created_at);
    ASSERT_EQ(a.gpus.size(), b.gpus.size());
    for (size_t i = 0; i < a.gpus.size(); ++i) {
        EXPECT_EQ(a.gpus[i].id, b.gpus[i].id);
        EXPECT_EQ(a.gpus[i].server, b.gpus[i].server);
        EXPECT_EQ(a.gpus[i].model, b.gpus[i].model);
        EXPECT_EQ(nlohmann::json::parse(a.gpus[i].device_info), nlohmann::json::parse(b.gpus[i].device_info));
        EXPECT_EQ(a.gpus[i].verified, b.gpus[i].verified);
        EXPECT_EQ(a.gpus[i].reserved, b.gpus[i].reserved);
        EXPECT_EQ(a.gpus[i].deployment, b.gpus[i].deployment);
    }
}

void expect_same(const Deployment &a, const Deployment &b) {
    EXPECT_EQ(a.id, b.id);
    EXPECT_EQ(a.instance, b.instance);
    EXPECT_EQ(a.source, b.source);
    EXPECT_EQ(a.validator, b.validator);
    EXPECT_EQ(a.offer, b.offer);
    EXPECT_EQ(a.offer_name, b.offer_name);
    EXPECT_EQ(a.server, b.server);
    EXPECT_EQ(a.cluster, b.cluster);
    EXPECT_EQ(a.node_name, b.node_name);
    EXPECT_EQ(a.namespace_name, b.namespace_name);
    EXPECT_EQ(a.version, b.version);
    EXPECT_EQ(a.config_id, b.config_id);
    EXPECT_EQ(a.host, b.host);
    EXPECT_EQ(a.port, b.port);
    EXPECT_EQ(a.job_id, b.job_id);
    EXPECT_EQ(a.preemptible, b.preemptible);
    EXPECT_EQ(a.phase, b.phase);
    EXPECT_EQ(a.gpus, b.gpus);
    EXPECT_EQ(a.created_at, b.created_at);
    EXPECT_EQ(a.phase_since, b.phase_since);
    EXPECT_EQ(a.verified_at, b.verified_at);
    EXPECT_EQ(a.activated_at, b.activated_at);
    EXPECT_EQ(a.terminating_since, b.terminating_since);
    EXPECT_EQ(a.end_cause, b.end_cause);
    EXPECT_EQ(a.end_reason, b.end_reason);
    EXPECT_EQ(a.operator_wish, b.operator_wish);
    EXPECT_EQ(a.gpu_milli, b.gpu_milli);
}

} // namespace rigger::store_test
