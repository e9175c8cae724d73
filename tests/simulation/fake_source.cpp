#include "simulation/fake_source.hpp"

#include "domain/objects.hpp"

#include <nlohmann/json.hpp>

namespace rigger::sim {
using nlohmann::json;
using namespace std::chrono_literals;

void FakeSource::add_offer(const std::string &id, int gpus, const std::string &model) {
    Offer offer;
    offer.id = OfferId(id);
    offer.source = name_;
    offer.name = "chute-" + id;
    offer.version = "v1";
    offer.needs.gpu_count = gpus;
    offer.needs.gpu_models = {model};
    offer.economics = {true, true, true, false, 1, 1000, 10, 0, 0};
    offer.ordinal = offers.size();
    offer.document = R"({"id":")" + id + R"("})";
    offers[id] = offer;
    if (on_offer) on_offer(std::move(offer));
}

void FakeSource::remove_offer(const std::string &id) {
    if (offers.erase(id) > 0 && on_offer_removed) on_offer_removed(id);
}

void FakeSource::set_version(const std::string &id, const std::string &version) {
    const auto at = offers.find(id);
    if (at == offers.end()) return;
    at->second.version = version;
    if (on_offer) on_offer(at->second);
}

namespace {
const Error refused_connection{Code::unavailable, "Refused", "connection refused", 0};
}

Result<Grant> FakeSource::claim(const CallContext &, std::string_view claim_id, const OfferId &offer,
                                std::string_view) {
    if (down) return refused_connection;
    if (odd_answers > 0 && odd_answers-- > 0) return internal_error("500: unexpected");
    ++claims;
    if (!offers.contains(offer.value)) return not_found("NoSuchOffer", "offer " + offer.value + " does not exist");
    if (no_room) return Error{Code::exhausted, "NoRoom", "423: no room for this chute now", 60'000};
    std::string &config = grants[std::string(claim_id)];
    if (config.empty() || fresh_grants) config = "config-" + std::to_string(next_grant_++);
    return Grant{"token-" + config, config, {}};
}

Result<std::string> FakeSource::render(const CallContext &, std::string_view request) {
    const json r = json::parse(request);
    const json &d = r["deployment"];
    const std::string id = d["id"];
    const json labels{{std::string(deployment_label), id},
                      {std::string(config_label), r["grant"]["configId"]},
                      {"app.kubernetes.io/managed-by", "rigger"}};
    const json meta{{"namespace", r["namespace"]}, {"labels", labels}};
    json objects = json::array();
    if (r["applied"].empty()) {
        json service{{"apiVersion", "v1"},
                     {"kind", "Service"},
                     {"metadata", meta},
                     {"spec", {{"ports", json::array({{{"port", 8000}}, {{"port", 8001}}})}}}};
        service["metadata"]["name"] = "chute-service-" + id;
        json code{{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", meta}};
        code["metadata"]["name"] = "chute-code-" + id;
        objects = {code, service};
        return json{{"objects", objects}, {"done", false}}.dump();
    }
    json gpus = json::array();
    for (const json &gpu : r["gpus"]) gpus.push_back(gpu["id"]);
    json job{{"apiVersion", "batch/v1"},
             {"kind", "Job"},
             {"metadata", meta},
             {"spec", {{"nodeName", r["server"]["name"]}, {"gpus", gpus}}}};
    job["metadata"]["name"] = "chute-" + id;
    objects.push_back(std::move(job));
    return json{{"objects", objects}, {"done", true}}.dump();
}

std::string FakeSource::event(const std::string &type, const SourceInstance &i) const {
    return json{{"type", type}, {"data", {{"instance_id", i.id.value}, {"config_id", i.config_id}}}}.dump();
}

Result<InstanceId> FakeSource::announce(const CallContext &, std::string_view document) {
    if (down) return refused_connection;
    if (stumbles) return internal_error("500: unexpected");
    const json d = json::parse(document);
    const std::string deployment = d["id"];
    if (!grants.contains(deployment))
        return Error{Code::denied, "NoGrant", "there is no grant for deployment " + deployment, 0};
    auto [at, fresh] = instances.try_emplace(deployment);
    SourceInstance &i = at->second;
    if (fresh) {
        i.id = InstanceId("instance-" + std::to_string(next_instance_++));
        i.source = name_;
        i.offer = OfferId(d["offerId"].get<std::string>());
        i.version = d["version"];
        i.config_id = grants[deployment];
        if (on_instance) on_instance(i);
        if (on_event) on_event("event-" + std::to_string(next_event_++), event("instance_created", i));
        if (verifies) world_.after(world_.between(100ms, 5s), [this, deployment] { advance(deployment, false); });
    }
    return world_.chance(0.5) ? i.id : InstanceId();
}

void FakeSource::advance(const std::string &deployment, bool active) {
    const auto at = instances.find(deployment);
    if (at == instances.end()) return;
    SourceInstance &i = at->second;
    i.verified = true;
    i.last_verified_ns = world_.wall().ns;
    i.active = active;
    if (on_instance) on_instance(i);
    if (on_event)
        on_event("event-" + std::to_string(next_event_++),
                 event(active ? "instance_activated" : "instance_verified", i));
    if (!active) world_.after(world_.between(100ms, 20s), [this, deployment] { advance(deployment, true); });
}

Status FakeSource::release(const CallContext &, std::string_view document) {
    if (down) return refused_connection;
    if (odd_answers > 0 && odd_answers-- > 0) return internal_error("500: unexpected");
    const json r = json::parse(document);
    const std::string deployment =
        r.value("deploymentId", json()).is_string() ? r["deploymentId"].get<std::string>() : "";
    const std::string instance = r.value("instanceId", json()).is_string() ? r["instanceId"].get<std::string>() : "";
    grants.erase(deployment);
    for (auto at = instances.begin(); at != instances.end();) {
        if (at->first != deployment && at->second.id.value != instance) {
            ++at;
            continue;
        }
        const std::string id = at->second.id.value;
        at = instances.erase(at);
        if (on_instance_removed) on_instance_removed(id);
    }
    return {};
}

void FakeSource::delete_instance_of(const std::string &deployment) {
    const auto at = instances.find(deployment);
    if (at == instances.end()) return;
    const SourceInstance gone = at->second;
    instances.erase(at);
    grants.erase(deployment);
    if (on_event) on_event("event-" + std::to_string(next_event_++), event("instance_deleted", gone));
    if (on_instance_removed) on_instance_removed(gone.id.value);
}

} // namespace rigger::sim
