#include <reconcile/action.hpp>

#include <nlohmann/json.hpp>

namespace reconcile {
namespace {

const char *name(Evidence evidence) {
    switch (evidence) {
    case Evidence::definite: return "definite";
    case Evidence::absence: return "absence";
    case Evidence::policy: return "policy";
    }
    return "absence"; // the one that is checked most
}

} // namespace

std::string Action::id() const {
    std::string text = verb;
    for (const auto &[field, value] : target) text += "/" + value;
    return text;
}

std::string Action::document() const {
    nlohmann::json to = nlohmann::json::object();
    for (const auto &[field, value] : target) to[field] = value;
    return nlohmann::json{{"verb", verb},     {"target", std::move(to)},    {"cause", cause},
                          {"reason", reason}, {"evidence", name(evidence)}, {"views", views}}
        .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

rig::Status propose(const std::vector<Action> &actions, const rig::Actions &to) {
    for (const Action &action : actions)
        if (auto status = to.act(action.id(), action.document()); !status.ok()) return status;
    return {};
}

} // namespace reconcile
