#include "validator.hpp"

#include "text.hpp"

#include <chutes/names.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

namespace catalog {
namespace {

using Json = nlohmann::json;

WallNs nanoseconds(double seconds) { return static_cast<WallNs>(seconds * 1e9); }

rig::Error refusal(rig_code code, const char *reason, std::string message, double retry_seconds = 0) {
    return {code, reason, std::move(message), static_cast<uint32_t>(std::lround(retry_seconds * 1000))};
}

std::string text(const Json &object, const char *name) {
    const auto at = object.find(name);
    return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

rig::Result<Json> parsed(std::string_view document, const char *what) {
    Json object = Json::parse(document, nullptr, false);
    if (!object.is_object())
        return refusal(RIG_E_INVALID, "BadDocument", std::string("the ") + what + " is not a JSON object");
    return object;
}

rig::Error scripted_refusal(const ScriptRule &rule, const std::string &offer) {
    const std::string message = "claim of " + offer + " refused by the script: " + rule.message;
    if (rule.answer == "denied") return refusal(RIG_E_DENIED, "Denied", message);
    if (rule.answer == "not-found") return refusal(RIG_E_NOT_FOUND, "UnknownOffer", message);
    if (rule.answer == "unavailable")
        return refusal(RIG_E_UNAVAILABLE, "Unavailable", message, rule.retry_after_seconds);
    return refusal(RIG_E_EXHAUSTED, "NoCapacity", message, rule.retry_after_seconds);
}

constexpr double ask_again_seconds = 60;

} // namespace

const Claim *Validator::find_claim(const std::string &id) const {
    const auto at = claims_.find(id);
    return at == claims_.end() ? nullptr : &at->second;
}

bool Validator::names(const ScriptRule &rule, const std::string &offer_id, const Market *market) const {
    if (rule.offer == "*" || rule.offer == offer_id) return true;
    const Chute *const chute = market ? market->find(offer_id) : nullptr;
    return chute && chute->name == rule.offer;
}

const ScriptRule *Validator::scripted(ScriptRule::When when, const std::string &offer_id, const Market *market,
                                      Changes &changes) const {
    for (size_t i = 0; i < config_.script.size(); ++i) {
        const ScriptRule &rule = config_.script[i];
        if (rule.when != when || !names(rule, offer_id, market)) continue;
        const auto pending = changes.script_uses.find(i);
        const auto known = script_uses_.find(i);
        const unsigned used = pending != changes.script_uses.end() ? pending->second
                              : known != script_uses_.end()        ? known->second
                                                                   : 0;
        if (used >= rule.times) continue;
        changes.script_uses[i] = used + 1;
        return &rule;
    }
    return nullptr;
}

double Validator::active_instances(const std::string &offer_id) const {
    return static_cast<double>(std::count_if(instances_.begin(), instances_.end(), [&](const auto &entry) {
        return entry.second.offer_id == offer_id && entry.second.active;
    }));
}

/// May one more instance of this chute start? The market's counts leave ours out.
rig::Status Validator::room(const Chute &chute, const Market &market) const {
    using Scaling = ValidatorConfig::Scaling;
    if (config_.scaling == Scaling::none || !chute.preemptible) return {};
    const Utilization *const u = market.utilization(chute.id);
    if (config_.scaling == Scaling::scalable) {
        if (u && u->update_in_progress)
            return refusal(RIG_E_EXHAUSTED, "RollingUpdate",
                           "no launch token for " + chute.name + ": a rolling update is running", ask_again_seconds);
        if (u && !u->scalable)
            return refusal(RIG_E_EXHAUSTED, "NotScalable",
                           "no launch token for " + chute.name + ": the market does not scale it up now",
                           ask_again_seconds);
        return {};
    }
    // The validator's public rule: C all, A active, H own instances, T the target.
    const double own = static_cast<double>(std::count_if(instances_.begin(), instances_.end(),
                                                         [&](const auto &e) { return e.second.offer_id == chute.id; }));
    const double others = u && u->instances ? *u->instances : market.instances(chute.id);
    const double all = others + own;
    const double active = (u && u->active_instances ? *u->active_instances : others) + active_instances(chute.id);
    const double target = u && u->target ? *u->target : all;
    const auto full = [&](const char *why) {
        return refusal(RIG_E_EXHAUSTED, "NoCapacity", "no launch token for " + chute.name + ": " + why,
                       ask_again_seconds);
    };
    if (active == 0 && all <= target + 2) return {};
    if (u && u->update_in_progress && all >= target - 2) return {}; // nobody is listed as permitted: everybody is
    if (all >= target) return full("it has as many instances as the market wants");
    if (target - all <= 2 && own == all) return full("we own all of its instances, and the last places are for others");
    return {};
}

rig::Result<Validator::Granted> Validator::claim(WallNs now, std::string_view claim_id, std::string_view offer_id,
                                                 std::string_view request, const Market &market) const {
    auto wish = parsed(request, "claim");
    if (!wish.ok()) return wish.error();
    if (claim_id.empty()) return refusal(RIG_E_INVALID, "BadDocument", "a claim needs an id");
    const std::string id(claim_id);
    const Claim *const known = find_claim(id);
    Granted granted;
    const auto grant = [](const Claim &c) { return Json{{"token", c.token}, {"configId", c.config_id}}.dump(); };
    if (known && !known->burnt && now - known->created < nanoseconds(config_.claim_seconds)) {
        granted.document = grant(*known);
        return granted;
    }

    const Chute *const chute = market.find(std::string(offer_id));
    if (!chute) return refusal(RIG_E_NOT_FOUND, "UnknownOffer", "the market lists no offer " + shown(offer_id));
    if (const ScriptRule *rule = scripted(ScriptRule::When::claim, chute->id, &market, granted.changes)) {
        granted.refused = scripted_refusal(*rule, chute->name);
        return granted;
    }
    if (auto status = room(*chute, market); !status.ok()) return status.error();

    Claim claim;
    claim.id = id;
    claim.offer_id = chute->id;
    claim.version = chute->version;
    claim.attempt = known ? known->attempt + 1 : 0;
    claim.gpu_model = text(*wish, "gpuModel");
    claim.gpu_count = chute->gpu_count;
    claim.created = now;
    const std::string base = std::to_string(config_.seed) + "/" + id + "/" + std::to_string(claim.attempt);
    claim.config_id = chutes::uuid5_oid("config/" + base);
    claim.token = "catalogue." + chutes::uuid5_oid("token/a/" + base) + chutes::uuid5_oid("token/b/" + base);
    granted.document = grant(claim);
    granted.changes.claims.push_back(std::move(claim));
    return granted;
}

Event Validator::event(const Instance &i, const char *type, WallNs now, const std::string &message) const {
    Json data{{"chute_id", i.offer_id},
              {"miner_hotkey", config_.miner_hotkey},
              {"instance_id", i.id},
              {"config_id", i.config_id}};
    const std::string_view kind = type;
    if (kind == "instance_created") {
        data["gpu_count"] = i.gpu_count;
        data["gpu_model_name"] = i.gpu_model;
    } else if (kind == "instance_verified") {
        data.erase("config_id");
        data.erase("chute_id");
    }
    Json document{{"type", type}, {"at", times::to_rfc3339(now)}, {"data", std::move(data)}};
    if (!message.empty()) document["message"] = message;
    return {0, i.id + "/" + type, document.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

rig::Result<Validator::Announced> Validator::announce(WallNs now, std::string_view document) const {
    auto deployment = parsed(document, "deployment");
    if (!deployment.ok()) return deployment.error();
    const std::string id = text(*deployment, "id");
    const Claim *const claim = find_claim(id);
    if (!claim)
        return refusal(RIG_E_DENIED, "UnknownClaim",
                       "deployment " + shown(id) + " holds no launch token of this market; end it and claim again");
    if (claim->burnt)
        return refusal(RIG_E_DENIED, "ClaimBurnt",
                       "the launch token of deployment " + shown(id) + " was used up; end it and claim again");

    Instance instance;
    instance.id = chutes::uuid5_oid("instance/" + claim->config_id);
    Announced announced;
    announced.document = config_.register_by_event ? "{}" : Json{{"instanceId", instance.id}}.dump();
    if (instances_.contains(instance.id)) return announced;
    instance.claim_id = claim->id;
    instance.offer_id = claim->offer_id;
    instance.version = claim->version;
    instance.config_id = claim->config_id;
    instance.gpu_model = claim->gpu_model;
    instance.gpu_count = claim->gpu_count;
    instance.created = now;
    announced.changes.events.push_back(event(instance, "instance_created", now));
    announced.changes.instances.push_back(std::move(instance));
    return announced;
}

void Validator::remove(Changes &changes, WallNs now, const Instance &instance, const std::string &message) const {
    changes.ended_instances.push_back({instance.id, message});
    changes.events.push_back(event(instance, "instance_deleted", now, message));
}

rig::Result<Changes> Validator::release(WallNs now, std::string_view document) const {
    auto request = parsed(document, "release");
    if (!request.ok()) return request.error();
    Changes changes;
    std::string claim_id = text(*request, "claimId");
    if (claim_id.empty()) claim_id = text(*request, "deploymentId");
    const std::string instance_id = text(*request, "instanceId"), config_id = text(*request, "configId");
    const Claim *const claim = find_claim(claim_id);
    if (claim) changes.ended_claims.push_back(claim->id);
    for (const auto &[id, instance] : instances_) {
        const bool by_claim = !claim_id.empty() && instance.claim_id == claim_id;
        const bool by_config = !config_id.empty() && instance.config_id == config_id;
        if (id == instance_id || by_claim || by_config) remove(changes, now, instance, "miner initialized");
    }
    return changes;
}

Changes Validator::due(WallNs now, const Market &market) const {
    Changes changes;
    for (const auto &[id, known] : instances_) {
        if (known.active && config_.script.empty()) continue;
        Instance next = known;
        bool changed = false, removed = false;
        const auto end = [&, &known = known](const ScriptRule &rule) {
            remove(changes, now, known, rule.message);
            removed = true;
        };
        if (!next.verified && now - next.created >= nanoseconds(config_.verify_seconds)) {
            if (const ScriptRule *rule = scripted(ScriptRule::When::verify, next.offer_id, &market, changes))
                end(*rule);
            else {
                next.verified = next.created + nanoseconds(config_.verify_seconds);
                changes.events.push_back(event(next, "instance_verified", *next.verified));
                changed = true;
            }
        }
        if (!removed && next.verified && !next.active &&
            now - *next.verified >= nanoseconds(config_.activate_seconds)) {
            if (const ScriptRule *rule = scripted(ScriptRule::When::activate, next.offer_id, &market, changes))
                end(*rule);
            else {
                next.active = *next.verified + nanoseconds(config_.activate_seconds);
                changes.events.push_back(event(next, "instance_activated", *next.active));
                changed = true;
            }
        }
        if (!removed && next.active) {
            Changes trial = changes; // the rule counts only once its time has come
            const ScriptRule *const rule = scripted(ScriptRule::When::active, next.offer_id, &market, trial);
            if (rule && now - *next.active >= nanoseconds(rule->after_seconds)) {
                changes.script_uses = trial.script_uses;
                end(*rule);
            }
        }
        if (removed) {
            if (const Claim *claim = find_claim(known.claim_id)) {
                Claim burnt = *claim;
                burnt.burnt = true;
                changes.claims.push_back(std::move(burnt));
            }
        } else if (changed) {
            changes.instances.push_back(std::move(next));
        }
    }
    std::set<std::string_view> used;
    for (const auto &[id, instance] : instances_) used.insert(instance.claim_id);
    for (const auto &[id, claim] : claims_)
        if (now - claim.created >= nanoseconds(config_.claim_seconds) && !used.contains(id))
            changes.ended_claims.push_back(id);
    return changes;
}

Changes Validator::delete_instances(WallNs now, const std::string &offer, const Market &market, size_t count,
                                    const std::string &message) const {
    ScriptRule by_name;
    by_name.offer = offer;
    std::vector<const Instance *> chosen;
    for (const auto &[id, instance] : instances_)
        if (names(by_name, instance.offer_id, &market)) chosen.push_back(&instance);
    std::sort(chosen.begin(), chosen.end(), [](const Instance *a, const Instance *b) {
        return std::tie(a->created, a->id) < std::tie(b->created, b->id);
    });
    Changes changes;
    for (const Instance *instance : chosen) {
        if (changes.ended_instances.size() >= count) break;
        remove(changes, now, *instance, message);
        if (const Claim *claim = find_claim(instance->claim_id)) {
            changes.claims.push_back(*claim);
            changes.claims.back().burnt = true;
        }
    }
    return changes;
}

void Validator::apply(const Changes &changes) {
    for (const Claim &claim : changes.claims) claims_.insert_or_assign(claim.id, claim);
    for (const std::string &id : changes.ended_claims) claims_.erase(id);
    for (const Instance &instance : changes.instances) instances_.insert_or_assign(instance.id, instance);
    for (const auto &ended : changes.ended_instances) instances_.erase(ended.id);
    for (const auto &[rule, uses] : changes.script_uses) script_uses_[rule] = uses;
}

} // namespace catalog
