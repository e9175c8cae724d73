#include "answer.hpp"

#include <rigger/sdk/json.hpp>

#include <algorithm>
#include <tuple>

namespace gepetto {
namespace {

using Json = nlohmann::json;

enum class Door { query, act };

using Order = bool (*)(const Json &, const Json &);

/// A missing or null field sorts as empty: a pod that has no node yet must not break the list.
std::string text(const Json &item, const char *key) { return rig::json::get(item, key, ""); }
double number(const Json &item, const char *key) { return rig::json::get(item, key, 0.0); }
bool flag(const Json &item, const char *key) { return rig::json::get(item, key, false); }

bool by_node(const Json &a, const Json &b) { return text(a, "nodeName") < text(b, "nodeName"); }
bool by_namespace_node_pod(const Json &a, const Json &b) {
    const auto key = [](const Json &i) {
        return std::tuple(text(i, "namespace"), text(i, "nodeName"), text(i, "podName"));
    };
    return key(a) < key(b);
}
bool by_ready_node_offer(const Json &a, const Json &b) {
    const auto key = [](const Json &i) {
        return std::tuple(!flag(i, "ready"), text(i, "nodeName"), text(i, "offerName"));
    };
    return key(a) < key(b);
}
bool by_gain(const Json &a, const Json &b) { return number(a, "gain") > number(b, "gain"); }

struct Route {
    const char *command;
    Door door;
    const char *target; ///< view or verb
    Order order;        ///< nullptr: as the daemon gives it
};

/// `pairs` arrives best first and may be long: it is handed on without being parsed.
constexpr Route kRoutes[] = {
    {"nodes", Door::query, "nodes", by_node},
    {"pods", Door::query, "pods", by_namespace_node_pod},
    {"servers", Door::query, "servers", nullptr},
    {"gpus", Door::query, "gpus", nullptr},
    {"chutes", Door::query, "offers", by_gain},
    {"scales", Door::query, "pairs", nullptr},
    {"why-not", Door::query, "why-not", nullptr},
    {"insts", Door::query, "instances", by_ready_node_offer},
    {"deployments", Door::query, "deployments", nullptr},
    {"status", Door::query, "status", nullptr},
    {"events", Door::query, "events", nullptr},
    {"failures", Door::query, "failures", nullptr},
    {"plan", Door::act, "plan", nullptr},
    {"deploy", Door::act, "deploy", nullptr},
    {"undeploy", Door::act, "undeploy", nullptr},
    {"recycle", Door::act, "recycle", nullptr},
    {"ban", Door::act, "ban", nullptr},
    {"unban", Door::act, "unban", nullptr},
    {"lock", Door::act, "lock", nullptr},
    {"unlock", Door::act, "unlock", nullptr},
    {"forget", Door::act, "forget", nullptr},
    {"sync", Door::act, "sync", nullptr},
};

/// Operators say "chute", rig.control/1 says "offer"; everything else has one name.
rig::Result<std::string> control_arguments(std::string_view arguments) {
    Json object = Json::parse(arguments, nullptr, false);
    if (!object.is_object())
        return rig::Error{RIG_E_INVALID, "InvalidArguments", "the arguments are not a JSON object", 0};
    for (auto it = object.begin(); it != object.end();) it = it->is_null() ? object.erase(it) : std::next(it);
    if (const auto chute = object.find("chute"); chute != object.end()) {
        Json value = std::move(*chute);
        object.erase(chute);
        object["offer"] = std::move(value);
    }
    return object.dump();
}

rig::Result<std::string> sorted(std::string document, Order order, std::string_view view) {
    Json answer = Json::parse(document, nullptr, false);
    const auto items = answer.is_object() ? answer.find("items") : answer.end();
    if (!answer.is_object() || items == answer.end() || !items->is_array())
        return rig::Error{RIG_E_UNAVAILABLE, "MalformedView",
                          "the view '" + std::string(view) + "' holds no array 'items'", 0};
    auto &array = items->get_ref<Json::array_t &>();
    if (!std::is_sorted(array.begin(), array.end(), order)) {
        std::stable_sort(array.begin(), array.end(), order);
        return answer.dump();
    }
    return document;
}

} // namespace

rig::Result<std::string> answer(const rig::Control &control, rig::Call call, std::string_view command,
                                std::string_view arguments, const rig_sink *progress) {
    const auto *const route =
        std::find_if(std::begin(kRoutes), std::end(kRoutes), [&](const Route &r) { return command == r.command; });
    if (route == std::end(kRoutes))
        return rig::Error{RIG_E_NOT_FOUND, "UnknownCommand",
                          "this frontend has no command '" + std::string(command) + "'", 0};
    auto translated = control_arguments(arguments);
    if (!translated.ok()) return translated.error();
    auto document = route->door == Door::query ? control.query(call, route->target, *translated)
                                               : control.act(call, route->target, *translated, progress);
    if (!document.ok() || !route->order) return document;
    return sorted(std::move(*document), route->order, route->target);
}

} // namespace gepetto
