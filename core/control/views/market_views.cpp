#include "control/views/resolve.hpp"
#include "control/views/views.hpp"

namespace rigger::views {
namespace {

std::vector<std::string> fault_warnings(const std::vector<placement::ScorerFault> &faults) {
    std::vector<std::string> out;
    for (const placement::ScorerFault &fault : faults)
        out.push_back("scorer " + fault.scorer + " abstained: " + fault.error.message);
    return out;
}

} // namespace

Result<std::string> offers(const Scene &scene, Planner &planner, const Arguments &arguments) {
    RIG_TRY_ASSIGN(const auto ranking, planner.rank_offers(scene.published.snapshot, {arguments.gpu, arguments.all}));
    JsonWriter json;
    for (const placement::RankedOffer &item : ranking.items) {
        const Offer &o = *item.offer;
        json.begin_object()
            .field("offerId", o.id)
            .field("offerName", o.name)
            .field("gain", item.gain)
            .field("instances", static_cast<int64_t>(o.economics.instance_count));
        json.key("gpuModels").begin_array();
        for (const std::string &model : o.needs.gpu_models) json.value(model);
        json.end_array()
            .field("gpuCount", o.needs.gpu_count)
            .field("source", o.source)
            .field("version", o.version)
            .field("preemptible", o.preemptible);
        json.field("tee", o.needs.tee).field("computeMultiplier", o.economics.compute_multiplier);
        json.text_or_null("skipped", placement::rejection_code(item.skipped)).end_object();
    }
    return list_answer(scene, json, fault_warnings(ranking.faults));
}

Result<std::string> pairs(const Scene &scene, Planner &planner, const Arguments &arguments) {
    placement::PairQuery query;
    query.gpu = arguments.gpu;
    query.server = server_filter(scene.snapshot(), arguments.server);
    query.limit = arguments.limit;
    RIG_TRY_ASSIGN(const auto ranking, planner.rank_pairs(scene.published.snapshot, query));
    JsonWriter json;
    json.reserve(ranking.items.size() * 288);
    for (const placement::RankedPair &item : ranking.items) {
        json.begin_object()
            .field("offerId", item.offer->id)
            .field("offerName", item.offer->name)
            .field("serverId", item.server->id);
        json.field("serverName", item.server->name).field("value", item.value).field("cost", item.server->hourly_cost);
        json.field("gpuCount", item.offer->needs.gpu_count).field("gpuModel", item.model).field("gain", item.gain);
        json.text_or_null("blocked", placement::rejection_code(item.blocked)).end_object();
    }
    return list_answer(scene, json, fault_warnings(ranking.faults));
}

Result<std::string> why_not(const Scene &scene, Planner &planner, const Arguments &arguments) {
    RIG_TRY_ASSIGN(const auto offer, resolve_offer(scene.snapshot(), arguments.offer));
    std::optional<ServerId> server;
    if (!arguments.server.empty()) {
        RIG_TRY_ASSIGN(const auto found, resolve_server(scene.snapshot(), arguments.server));
        server = found->id;
    }
    RIG_TRY_ASSIGN(const auto answer, planner.why_not(scene.published.snapshot, offer->id, server));
    JsonWriter json;
    for (const placement::ServerVerdict &v : answer.servers) {
        json.begin_object()
            .field("serverId", v.server->id)
            .field("serverName", v.server->name)
            .field("offerId", offer->id)
            .field("offerName", offer->name);
        json.field("verdict", placement::verdict_name(v.verdict)).key("reasons").begin_array();
        for (const placement::RejectionReason &reason : v.reasons)
            json.begin_object()
                .field("code", placement::rejection_code(reason.code))
                .field("text", reason.text)
                .end_object();
        json.end_array().field("value", v.value);
        if (v.better)
            json.field("betterOffer", v.better->offer->name)
                .field("betterServer", v.better->server->name)
                .field("betterValue", v.better->value);
        else json.key("betterOffer").null().key("betterServer").null().key("betterValue").null();
        json.end_object();
    }
    return list_answer(scene, json, fault_warnings(answer.faults));
}

} // namespace rigger::views
