#include "domain/reconcile/safety.hpp"

#include "base/json.hpp"

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

Error bad(std::string_view id, std::string what) {
    return invalid("BadAction", "cannot use proposed action '" + std::string(id) + "': " + std::move(what));
}

bool has_target(const ReconcileAction &a) {
    switch (a.verb) {
    case ReconcileVerb::terminate: return !a.deployment.empty();
    case ReconcileVerb::remove_object:
        return !a.cluster.empty() && !a.api_version.empty() && !a.kind.empty() && !a.name.empty() && !a.uid.empty();
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
    const std::string verb = text_member(object, "verb"), evidence = text_member(object, "evidence");
    bool known_verb = false, known_evidence = false;
    for (const auto &[name, value] : verbs)
        if (name == verb) a.verb = value, known_verb = true;
    for (const auto &[name, value] : evidences)
        if (name == evidence) a.evidence = value, known_evidence = true;
    if (!known_verb) return bad(id, "unknown verb '" + verb + "'");
    if (!known_evidence) return bad(id, "unknown evidence '" + evidence + "'");
    a.cause = text_member(object, "cause");
    a.reason = text_member(object, "reason");
    if (const auto views = object.find("views"); views != object.end() && views->is_array())
        for (const json &view : *views)
            if (view.is_string()) a.views.push_back(view.get<std::string>());
    const json target = object.value("target", json::object());
    a.deployment = text_member(target, "deploymentId");
    a.cluster = text_member(target, "cluster");
    a.api_version = text_member(target, "apiVersion");
    a.kind = text_member(target, "kind");
    a.namespace_name = text_member(target, "namespace");
    a.name = text_member(target, "name");
    a.uid = text_member(target, "uid");
    a.source = text_member(target, "source");
    a.instance = text_member(target, "instanceId");
    a.offer = text_member(target, "offerId");
    if (!has_target(a)) return bad(id, "its target lacks a field that verb '" + verb + "' needs");
    return a;
}

} // namespace rigger
