#include "control/documents.hpp"

#include <nlohmann/json.hpp>

namespace rigger::documents {

void deployment(JsonWriter &json, const Deployment &d, std::string_view extra) {
    json.begin_object()
        .field("id", d.id)
        .field("offerId", d.offer)
        .field("offerName", d.offer_name)
        .field("source", d.source)
        .field("version", d.version);
    json.field("serverId", d.server)
        .field("serverName", d.node_name)
        .field("cluster", d.cluster)
        .field("namespace", d.namespace_name);
    json.field("phase", phase_name(d.phase))
        .text_or_null("instanceId", d.instance.value)
        .text_or_null("configId", d.config_id)
        .text_or_null("host", d.host);
    json.key("port");
    d.port ? json.value(d.port) : json.null();
    json.key("gpus").begin_array();
    for (const GpuId &gpu : d.gpus) json.value(gpu);
    json.end_array().field("preemptible", d.preemptible).text_or_null("jobId", d.job_id);
    json.field("createdAt", d.created_at)
        .field("phaseSince", d.phase_since)
        .field("verifiedAt", d.verified_at)
        .field("activatedAt", d.activated_at);
    json.field("terminatingSince", d.terminating_since)
        .text_or_null("endCause", d.end_cause)
        .text_or_null("endReason", d.end_reason);
    json.raw_items(extra).end_object();
}

namespace {

std::string gpu_model(const Deployment &d, const Server &server) {
    for (const Gpu &gpu : server.gpus)
        for (const GpuId &id : d.gpus)
            if (gpu.id == id) return gpu.model;
    return {};
}

std::string_view or_empty_object(const std::string &json) {
    return json.empty() ? std::string_view("{}") : std::string_view(json);
}

} // namespace

std::string claim(const ClaimEffect &e) {
    const Deployment &d = *e.deployment;
    JsonWriter json;
    json.begin_object()
        .field("deploymentId", d.id)
        .field("offerId", d.offer)
        .field("version", d.version)
        .field("serverName", e.server->name);
    json.field("serverId", d.server)
        .field("serverIp", e.server->ip_address)
        .field("gpuModel", gpu_model(d, *e.server))
        .field("gpuCount", d.gpus.size());
    return json.end_object().take();
}

std::string render(const RenderEffect &e) {
    const Server &server = *e.server;
    JsonWriter json;
    json.begin_object().key("deployment");
    deployment(json, *e.deployment);
    json.raw_field("offer", or_empty_object(e.offer->document));
    json.key("server")
        .begin_object()
        .field("id", server.id)
        .field("name", server.name)
        .field("ipAddress", server.ip_address);
    json.field("validator", server.validator)
        .field("cpuPerGpu", server.cpu_per_gpu)
        .field("memoryPerGpu", server.memory_per_gpu)
        .field("tee", server.tee);
    json.raw_field("labels", or_empty_object(server.labels)).end_object();
    json.key("gpus").begin_array();
    for (const Gpu &gpu : server.gpus)
        for (const GpuId &id : e.deployment->gpus)
            if (gpu.id == id) json.begin_object().field("id", gpu.id).field("model", gpu.model).end_object();
    json.end_array();
    json.key("grant");
    if (e.grant->document.empty())
        json.begin_object().field("token", e.grant->token).field("configId", e.grant->config_id).end_object();
    else json.raw(e.grant->document);
    json.field("namespace", e.deployment->namespace_name).key("applied").begin_array();
    for (const std::string &object : e.applied) json.raw(object);
    return json.end_array().end_object().take();
}

std::string announce(const AnnounceEffect &e) {
    JsonWriter extra;
    extra.key("ports").begin_array();
    for (const int port : e.ports) extra.value(port);
    extra.end_array().field("podName", e.pod);
    JsonWriter json;
    deployment(json, *e.deployment, extra.text());
    return json.take();
}

std::string release(const ReleaseEffect &e) {
    const Deployment &d = *e.deployment;
    JsonWriter json;
    json.begin_object()
        .text_or_null("deploymentId", d.id.value)
        .text_or_null("claimId", d.id.value)
        .text_or_null("instanceId", e.instance.value);
    json.field("offerId", d.offer)
        .text_or_null("configId", d.config_id)
        .field("cause", e.cause)
        .field("reason", e.reason);
    return json.end_object().take();
}

void instance(JsonWriter &json, const SourceInstance &i) {
    json.begin_object()
        .field("id", i.id)
        .field("offerId", i.offer)
        .field("version", i.version)
        .text_or_null("configId", i.config_id);
    json.field("verified", i.verified).field("active", i.active);
    const auto time = [&](const char *key, const std::optional<int64_t> &ns) {
        json.key(key), ns ? json.value(WallTime{*ns}) : json.null();
    };
    time("lastVerifiedAt", i.last_verified_ns);
    time("createdAt", i.created_ns);
    json.end_object();
}

void view(JsonWriter &json, const Freshness &f, MonoTime now) {
    json.begin_object().field("complete", f.complete).field("ageSeconds", in_seconds(now - f.as_of));
    json.field("generation", f.generation).end_object();
}

Result<Rendered> read_rendering(std::string_view document) {
    using nlohmann::json;
    const json answer = json::parse(document, nullptr, false);
    const auto bad = [](const char *what) {
        return invalid("BadRendering", std::string("the source's rendering cannot be used: ") + what);
    };
    if (!answer.is_object()) return bad("not a JSON object");
    Rendered rendered;
    const auto objects = answer.find("objects");
    if (objects != answer.end() && !objects->is_array()) return bad("objects is not an array");
    if (objects != answer.end())
        for (const json &object : *objects) {
            if (!object.is_object()) return bad("an item of objects is not an object");
            rendered.objects.push_back(object.dump(-1, ' ', false, json::error_handler_t::replace));
        }
    const auto done = answer.find("done");
    if (done != answer.end() && !done->is_boolean()) return bad("done is not a boolean");
    rendered.done = done != answer.end() && done->get<bool>();
    return rendered;
}

} // namespace rigger::documents
