#include "engine/http_server/json_text.hpp"

#include <nlohmann/json.hpp>

#include <set>
#include <vector>

namespace rigger::http_server {
namespace {

using Json = nlohmann::json;

/// Checked before parsing: the parser itself may handle any depth, what later walks the value may not.
bool deeper_than(std::string_view text, size_t limit) {
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') ++i;
            else if (c == '"') in_string = false;
        } else if (c == '"') in_string = true;
        else if ((c == '{' || c == '[') && ++depth > limit) return true;
        else if ((c == '}' || c == ']') && depth > 0) --depth;
    }
    return false;
}

} // namespace

Result<Json> parse_object(std::string_view text, size_t max_depth) {
    if (deeper_than(text, max_depth))
        return invalid("JsonTooDeep",
                       "the request body is nested deeper than " + std::to_string(max_depth) + " levels");
    std::vector<std::set<std::string>> members;
    std::string duplicate;
    const auto watch = [&](int, Json::parse_event_t event, Json &value) {
        if (event == Json::parse_event_t::object_start) members.emplace_back();
        if (event == Json::parse_event_t::object_end) members.pop_back();
        if (event == Json::parse_event_t::key && !members.back().insert(value.get_ref<const std::string &>()).second)
            duplicate = value.get_ref<const std::string &>();
        return true;
    };
    Json value = Json::parse(text, watch, false);
    if (value.is_discarded())
        return invalid("MalformedJson", "the request body is not valid JSON; send one object in UTF-8");
    if (!value.is_object())
        return invalid("MalformedJson", "the request body is not a JSON object; send {\"option\": value, ...}");
    if (!duplicate.empty())
        return invalid("DuplicateMember",
                       "the request body names '" + duplicate.substr(0, 64) + "' twice; name each option once");
    return value;
}

} // namespace rigger::http_server
