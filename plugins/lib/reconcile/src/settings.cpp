#include <reconcile/settings.hpp>

#include <nlohmann/json.hpp>

namespace reconcile {

rig::Status read_numbers(std::string_view text, std::string_view plugin, std::initializer_list<Number> numbers) {
    const auto config = text.empty() ? nlohmann::json::object() : nlohmann::json::parse(text, nullptr, false);
    const auto wrong = [&](const std::string &what) {
        return rig::Error{RIG_E_INVALID, "ConfigValue", std::string(plugin) + ": " + what, 0};
    };
    if (!config.is_object()) return wrong("config must be an object");
    for (const Number &n : numbers) {
        const auto at = config.find(n.key);
        if (at == config.end()) continue;
        if (!at->is_number() || !(at->get<double>() >= n.lowest && at->get<double>() <= n.highest))
            return wrong(std::string("config.") + n.key + " must be a number from " + nlohmann::json(n.lowest).dump() +
                         " to " + nlohmann::json(n.highest).dump());
        *n.into = at->get<double>();
    }
    return {};
}

} // namespace reconcile
