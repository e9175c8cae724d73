#include "json_text.hpp"

#include "text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <set>

namespace catalog {
namespace {

/// Nesting is measured before parsing, so that no parser has to survive it. The line of the first bracket too deep, if
/// any.
std::optional<size_t> too_deep_at(std::string_view text) {
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') ++i;
            else if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > deepest_json) return line_of(text, i);
        } else if (c == ']' || c == '}') {
            --depth;
        }
    }
    return std::nullopt;
}

struct RepeatedKey {
    std::string key;
};

/// What the parser found, without the places and codes that it puts in front.
std::string complaint(std::string_view what) {
    constexpr size_t most = 200;
    if (const size_t at = what.find("syntax error"); at != std::string_view::npos) what.remove_prefix(at);
    std::string out(what.substr(0, most));
    std::replace_if(
        out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return out;
}

} // namespace

rig::Result<nlohmann::json> parse_json(std::string_view text, std::string_view file, KeyOrder *order) {
    using Json = nlohmann::json;
    if (text.size() > largest_file) return refused(file, 0, "is larger than 256 MiB");
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
        return refused(file, 1, "is empty; an empty file is taken for one that is being written");
    if (const size_t zero = text.find('\0'); zero != std::string_view::npos)
        return refused(file, line_of(text, zero), "is not text: it holds a zero byte");
    if (!is_utf8(text)) return refused(file, 0, "is not UTF-8 text");
    if (const auto line = too_deep_at(text))
        return refused(file, *line, "is nested deeper than " + std::to_string(deepest_json) + " levels");

    // A repeated key would silently win over the first: two chutes under one id, say.
    std::vector<std::set<std::string>> keys;
    bool object = false; // the whole document
    std::string member;  // of it, that is being read
    const auto watch = [&](int depth, Json::parse_event_t event, Json &parsed) {
        if (event == Json::parse_event_t::object_start) {
            keys.emplace_back();
            object |= depth == 0;
        } else if (event == Json::parse_event_t::object_end) {
            keys.pop_back();
        } else if (event == Json::parse_event_t::key) {
            std::string key = parsed.get<std::string>();
            if (!keys.back().insert(key).second) throw RepeatedKey{std::move(key)};
            if (!order || !object || depth > 2) return true;
            if (depth == 1) member = key;
            (*order)[depth == 1 ? "" : member].push_back(std::move(key));
        }
        return true;
    };
    try {
        return Json::parse(text, watch);
    } catch (const RepeatedKey &repeated) {
        const size_t first = text.find('"' + repeated.key + '"');
        const size_t second = first == std::string_view::npos ? first : text.find('"' + repeated.key + '"', first + 1);
        return refused(file, second == std::string_view::npos ? 0 : line_of(text, second),
                       "the key '" + shown(repeated.key) + "' stands twice in one object");
    } catch (const Json::parse_error &error) {
        return refused(file, line_of(text, error.byte > 0 ? error.byte - 1 : 0),
                       "is not JSON, or is cut: " + complaint(error.what()));
    } catch (const Json::exception &error) {
        return refused(file, 0, "holds a number that no double can hold: " + shown(error.what()));
    }
}

} // namespace catalog
