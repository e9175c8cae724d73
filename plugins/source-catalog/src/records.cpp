#include "records.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <ctime>

namespace catalog {
namespace {

using Json = nlohmann::json;

Json time_or_null(const std::optional<WallNs> &at) { return at ? Json(*at) : Json(); }
std::optional<WallNs> optional_time(const Json &object, const char *name) {
    const auto at = object.find(name);
    if (at == object.end() || !at->is_number_integer()) return std::nullopt;
    return at->get<WallNs>();
}
rig::Error damaged(const char *what) { return {RIG_E_INTERNAL, "StoreDamaged", std::string("the store holds a ") + what + " that cannot be read", 0}; }

} // namespace

std::string to_text(const Claim &c) {
    return Json{{"id", c.id},           {"offer", c.offer_id},   {"version", c.version}, {"token", c.token}, {"config", c.config_id},
                {"model", c.gpu_model}, {"count", c.gpu_count}, {"attempt", c.attempt}, {"burnt", c.burnt}, {"created", c.created}}
        .dump();
}

rig::Result<Claim> claim_from(std::string_view text) {
    const Json o = Json::parse(text, nullptr, false);
    if (!o.is_object()) return damaged("claim");
    try {
        return Claim{o.at("id"), o.at("offer"), o.at("version"), o.at("token"), o.at("config"), o.at("model"), o.at("count"), o.at("attempt"), o.at("burnt"), o.at("created")};
    } catch (const Json::exception &) {
        return damaged("claim");
    }
}

std::string to_text(const Instance &i) {
    return Json{{"id", i.id},           {"claim", i.claim_id},   {"offer", i.offer_id},     {"version", i.version},
                {"config", i.config_id}, {"model", i.gpu_model}, {"count", i.gpu_count},    {"created", i.created},
                {"verified", time_or_null(i.verified)}, {"active", time_or_null(i.active)}}
        .dump();
}

rig::Result<Instance> instance_from(std::string_view text) {
    const Json o = Json::parse(text, nullptr, false);
    if (!o.is_object()) return damaged("instance");
    try {
        return Instance{o.at("id"),    o.at("claim"), o.at("offer"), o.at("version"), o.at("config"), o.at("model"),
                        o.at("count"), o.at("created"), optional_time(o, "verified"), optional_time(o, "active")};
    } catch (const Json::exception &) {
        return damaged("instance");
    }
}

std::string document_of(const Instance &i) {
    Json document{{"id", i.id},       {"offerId", i.offer_id},           {"version", i.version},           {"configId", i.config_id},
                  {"verified", i.verified.has_value()}, {"active", i.active.has_value()}, {"createdAt", rfc3339(i.created)}};
    document["lastVerifiedAt"] = i.verified ? Json(rfc3339(*i.verified)) : Json();
    return document.dump();
}

std::string rfc3339(WallNs at) {
    constexpr WallNs second = 1'000'000'000;
    const WallNs whole = at >= 0 ? at / second : -((-at + second - 1) / second);
    const auto milli = static_cast<int>((at - whole * second) / 1'000'000);
    const std::time_t t = static_cast<std::time_t>(whole);
    std::tm parts{};
    gmtime_r(&t, &parts);
    char buffer[48];
    const size_t n = std::strftime(buffer, sizeof buffer, "%Y-%m-%dT%H:%M:%S", &parts);
    if (milli > 0) std::snprintf(buffer + n, sizeof buffer - n, ".%03dZ", milli);
    else std::snprintf(buffer + n, sizeof buffer - n, "Z");
    return buffer;
}

std::optional<WallNs> parse_rfc3339(std::string_view text) {
    int year, month, day, hour, minute, consumed = 0;
    double seconds;
    const std::string copy(text);
    if (copy.size() > 40 || std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%10lf%n", &year, &month, &day, &hour, &minute, &seconds, &consumed) != 6) return std::nullopt;
    if (copy.substr(static_cast<size_t>(consumed)) != "Z" && copy.substr(static_cast<size_t>(consumed)) != "+00:00") return std::nullopt;
    if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || !(seconds >= 0 && seconds < 61) || year < 1970) return std::nullopt;
    std::tm parts{};
    parts.tm_year = year - 1900, parts.tm_mon = month - 1, parts.tm_mday = day, parts.tm_hour = hour, parts.tm_min = minute;
    const std::time_t t = timegm(&parts);
    return static_cast<WallNs>(t) * 1'000'000'000 + static_cast<WallNs>(seconds * 1000 + 0.5) * 1'000'000;
}

} // namespace catalog
