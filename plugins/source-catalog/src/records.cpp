#include "records.hpp"

#include <nlohmann/json.hpp>

namespace catalog {
namespace {

using Json = nlohmann::json;

Json time_or_null(const std::optional<WallNs> &at) { return at ? Json(*at) : Json(); }
std::optional<WallNs> optional_time(const Json &object, const char *name) {
    const auto at = object.find(name);
    if (at == object.end() || !at->is_number_integer()) return std::nullopt;
    return at->get<WallNs>();
}
rig::Error damaged(const char *what) {
    return {RIG_E_INTERNAL, "StoreDamaged", std::string("the store holds a ") + what + " that cannot be read", 0};
}

} // namespace

std::string to_text(const Claim &c) {
    return Json{{"id", c.id},           {"offer", c.offer_id},   {"version", c.version},
                {"token", c.token},     {"config", c.config_id}, {"model", c.gpu_model},
                {"count", c.gpu_count}, {"attempt", c.attempt},  {"burnt", c.burnt},
                {"created", c.created}}
        .dump();
}

rig::Result<Claim> claim_from(std::string_view text) {
    const Json o = Json::parse(text, nullptr, false);
    if (!o.is_object()) return damaged("claim");
    try {
        return Claim{o.at("id"),    o.at("offer"), o.at("version"), o.at("token"), o.at("config"),
                     o.at("model"), o.at("count"), o.at("attempt"), o.at("burnt"), o.at("created")};
    } catch (const Json::exception &) { return damaged("claim"); }
}

std::string to_text(const Instance &i) {
    return Json{{"id", i.id},
                {"claim", i.claim_id},
                {"offer", i.offer_id},
                {"version", i.version},
                {"config", i.config_id},
                {"model", i.gpu_model},
                {"count", i.gpu_count},
                {"created", i.created},
                {"verified", time_or_null(i.verified)},
                {"active", time_or_null(i.active)}}
        .dump();
}

rig::Result<Instance> instance_from(std::string_view text) {
    const Json o = Json::parse(text, nullptr, false);
    if (!o.is_object()) return damaged("instance");
    try {
        return Instance{o.at("id"),
                        o.at("claim"),
                        o.at("offer"),
                        o.at("version"),
                        o.at("config"),
                        o.at("model"),
                        o.at("count"),
                        o.at("created"),
                        optional_time(o, "verified"),
                        optional_time(o, "active")};
    } catch (const Json::exception &) { return damaged("instance"); }
}

std::string document_of(const Instance &i) {
    Json document{{"id", i.id},
                  {"offerId", i.offer_id},
                  {"version", i.version},
                  {"configId", i.config_id},
                  {"verified", i.verified.has_value()},
                  {"active", i.active.has_value()},
                  {"createdAt", times::to_rfc3339(i.created)}};
    document["lastVerifiedAt"] = i.verified ? Json(times::to_rfc3339(*i.verified)) : Json();
    return document.dump();
}

} // namespace catalog
