#include "domain/reconcile/safety.hpp"

#include <nlohmann/json.hpp>

namespace rigger {
namespace {
using nlohmann::json;

constexpr std::pair<std::string_view, ReconcileVerb> verbs[] = {{"terminate", ReconcileVerb::terminate},
                                                                {"remove-object", ReconcileVerb::remove_object},
                                                                {"release-instance", ReconcileVerb::release_instance},
                                                                {"delete-offer", ReconcileVerb::delete_offer}};
constexpr std::pair<std::string_view, Evidence> evidences[] = {
    {"definite", Evidence::definite}, {"absence", Evidence::absence}, {"policy", Evidence::policy}};

std::string text(const json &object, const char *key) {
    if (!object.is_object()) return {};
    const auto at = object.find(key);
    return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

Error bad(std::string_view id, std::string what) {
    return invalid("BadAction", "cannot use proposed action '" + std::string(id) + "': " + std::move(what));
}

bool has_target(const ReconcileAction &a) {
    switch (a.verb) {
    case ReconcileVerb::terminate: return !a.deployment.empty();
    case ReconcileVerb::remove_object: return !a.cluster.empty() && !a.api_version.empty() && !a.kind.empty() && !a.name.empty() && !a.uid.empty();
    case ReconcileVerb::release_instance: return !a.source.empty() && !a.instance.empty();
    case ReconcileVerb::delete_offer: return !a.source.empty() && !a.offer.empty();
    }
    return false;
}

} // namespace

std::string_view verb_name(ReconcileVerb verb) noexcept { return verbs[static_cast<size_t>(verb)].first; }

Result<ReconcileAction> parse_action(std::string_view id, std::string_view document) {
    const json object = json::parse(document, nullptr, false);
    if (!object.is_object()) return bad(id, "not a JSON object");
    ReconcileAction a;
    a.id = id;
    const std::string verb = text(object, "verb"), evidence = text(object, "evidence");
    bool known_verb = false, known_evidence = false;
    for (const auto &[name, value] : verbs)
        if (name == verb) a.verb = value, known_verb = true;
    for (const auto &[name, value] : evidences)
        if (name == evidence) a.evidence = value, known_evidence = true;
    if (!known_verb) return bad(id, "unknown verb '" + verb + "'");
    if (!known_evidence) return bad(id, "unknown evidence '" + evidence + "'");
    a.cause = text(object, "cause");
    a.reason = text(object, "reason");
    if (const auto views = object.find("views"); views != object.end() && views->is_array())
        for (const json &view : *views)
            if (view.is_string()) a.views.push_back(view.get<std::string>());
    const json target = object.value("target", json::object());
    a.deployment = text(target, "deploymentId");
    a.cluster = text(target, "cluster");
    a.api_version = text(target, "apiVersion");
    a.kind = text(target, "kind");
    a.namespace_name = text(target, "namespace");
    a.name = text(target, "name");
    a.uid = text(target, "uid");
    a.source = text(target, "source");
    a.instance = text(target, "instanceId");
    a.offer = text(target, "offerId");
    if (!has_target(a)) return bad(id, "its target lacks a field that verb '" + verb + "' needs");
    return a;
}

} // namespace rigger
