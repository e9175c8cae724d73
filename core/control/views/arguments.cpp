#include "control/views/views.hpp"

#include <nlohmann/json.hpp>

namespace rigger::views {

Result<Arguments> parse_arguments(std::string_view text) {
    using nlohmann::json;
    const json object = text.empty() ? json::object() : json::parse(text, nullptr, false);
    if (!object.is_object()) return invalid("InvalidArguments", "the arguments are not a JSON object");
    Arguments a;
    const std::pair<const char *, std::string Arguments::*> texts[] = {
        {"gpu", &Arguments::gpu},
        {"node", &Arguments::node},
        {"server", &Arguments::server},
        {"namespace", &Arguments::namespace_name},
        {"offer", &Arguments::offer},
        {"type", &Arguments::type},
        {"deployment", &Arguments::deployment},
        {"reason", &Arguments::reason},
        {"source", &Arguments::source},
        {"cluster", &Arguments::cluster},
        {"pod", &Arguments::pod},
        {"container", &Arguments::container},
        {"defrag", &Arguments::defrag},
    };
    const std::pair<const char *, bool Arguments::*> flags[] = {
        {"all", &Arguments::all},   {"dryRun", &Arguments::dry_run}, {"force", &Arguments::force},
        {"wait", &Arguments::wait}, {"follow", &Arguments::follow},  {"previous", &Arguments::previous}};
    const std::pair<const char *, std::optional<int64_t> Arguments::*> counts[] = {
        {"tail", &Arguments::tail}, {"sinceSeconds", &Arguments::since_seconds}};
    const auto wrong = [](const char *key, const char *type) {
        return invalid("InvalidArguments", std::string("argument '") + key + "' is not " + type);
    };
    for (const auto &[key, member] : texts) {
        const auto at = object.find(key);
        if (at == object.end() || at->is_null()) continue;
        if (!at->is_string()) return wrong(key, "a text");
        a.*member = at->get<std::string>();
    }
    for (const auto &[key, member] : flags) {
        const auto at = object.find(key);
        if (at == object.end() || at->is_null()) continue;
        if (!at->is_boolean()) return wrong(key, "true or false");
        a.*member = at->get<bool>();
    }
    for (const auto &[key, member] : counts) {
        const auto at = object.find(key);
        if (at == object.end() || at->is_null()) continue;
        if (!at->is_number_integer() || at->get<int64_t>() < 0) return wrong(key, "a whole number >= 0");
        a.*member = at->get<int64_t>();
    }
    if (const auto at = object.find("limit"); at != object.end() && !at->is_null()) {
        if (!at->is_number_integer() || at->get<int64_t>() < 0) return wrong("limit", "a whole number >= 0");
        a.limit = at->get<size_t>();
    }
    return a;
}

} // namespace rigger::views
