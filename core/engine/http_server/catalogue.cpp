#include "engine/http_server/catalogue.hpp"

#include "base/json.hpp"
#include "engine/http_server/openapi.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace rigger::http_server {
namespace {

using Json = nlohmann::json;

OptionType option_type(const Json &schema) {
    const auto type = schema.is_object() ? schema.find("type") : schema.end();
    if (!schema.is_object() || type == schema.end()) return OptionType::other;
    std::string name = type->is_string() ? type->get<std::string>() : "";
    if (type->is_array()) // ["string", "null"]
        for (const Json &one : *type)
            if (one.is_string() && one != "null") name = one.get<std::string>();
    if (name == "string") return OptionType::string;
    if (name == "integer") return OptionType::integer;
    if (name == "number") return OptionType::number;
    if (name == "boolean") return OptionType::boolean;
    if (name == "array") return OptionType::array;
    return OptionType::other;
}

/// An effect that is not known is taken for the worst.
CommandEffect effect_of(std::string_view name) {
    if (name == "read") return CommandEffect::read;
    if (name == "write") return CommandEffect::write;
    return CommandEffect::destructive;
}

bool is_method(std::string_view method) {
    constexpr std::array<std::string_view, 5> known{"GET", "POST", "PUT", "PATCH", "DELETE"};
    return std::find(known.begin(), known.end(), method) != known.end();
}

/// Two paths that some request would match both.
bool overlap(const std::vector<std::string> &a, const std::vector<std::string> &b) {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](const std::string &x, const std::string &y) {
               return x == y || (!parameter_of(x).empty() && !parameter_of(y).empty());
           });
}

/// Why the command's route cannot be served; empty: it can.
std::string route_problem(const Command &command, const std::vector<Command> &others) {
    if (!is_method(command.method)) return "its HTTP method is not GET, POST, PUT, PATCH or DELETE";
    if (command.method == "GET" && command.effect != CommandEffect::read)
        return "it changes something and must not be a GET";
    if (command.segments.empty()) return "its HTTP path does not begin with /v1/ or is malformed";
    if (is_reserved(command.segments)) return "its HTTP path belongs to the server itself";
    for (const std::string &segment : command.segments)
        if (const auto parameter = parameter_of(segment); !parameter.empty() && command.options.count(parameter) == 0)
            return "its HTTP path names an option that it does not have";
    for (const Command &other : others)
        if (other.method == command.method && overlap(other.segments, command.segments))
            return "'" + other.name + "' has the same HTTP route";
    return {};
}

std::string fingerprint(std::string_view text) { // FNV-1a; names a version of the text, protects nothing
    uint64_t hash = 0xcbf29ce484222325u;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    constexpr char digits[] = "0123456789abcdef";
    std::string out = "\"";
    for (int shift = 60; shift >= 0; shift -= 4) out += digits[hash >> shift & 15];
    return out + '"';
}

} // namespace

const Command *Catalogue::find(std::string_view name) const noexcept {
    const auto found = std::find_if(commands.begin(), commands.end(), [&](const Command &c) { return c.name == name; });
    return found == commands.end() ? nullptr : &*found;
}

std::string_view parameter_of(std::string_view segment) noexcept {
    if (segment.size() < 3 || segment.front() != '{' || segment.back() != '}') return {};
    return segment.substr(1, segment.size() - 2);
}

std::vector<std::string> path_segments(std::string_view path) {
    std::vector<std::string> segments;
    if (path.substr(0, 4) != "/v1/") return segments;
    path.remove_prefix(1);
    while (true) {
        const size_t slash = path.find('/');
        const std::string_view segment = path.substr(0, slash);
        const bool plain = segment.find_first_of("{}%?# \\") == std::string_view::npos;
        const auto parameter = parameter_of(segment);
        if (segment.empty() ||
            (!plain && (parameter.empty() || parameter.find_first_of("{}%?# \\") != std::string_view::npos)))
            return {};
        segments.emplace_back(segment);
        if (slash == std::string_view::npos) return segments;
        path.remove_prefix(slash + 1);
    }
}

bool is_reserved(const std::vector<std::string> &segments) noexcept {
    return segments.size() >= 2 &&
           (segments[1] == "commands" || segments[1] == "plugins" || !parameter_of(segments[1]).empty());
}

std::shared_ptr<const Catalogue> read_catalogue(std::string text, std::string_view version) {
    auto catalogue = std::make_shared<Catalogue>();
    Json served = Json::array();
    const Json all = Json::parse(text, nullptr, false);
    const auto list = all.is_object() ? all.find("commands") : all.end();
    if (!all.is_object() || list == all.end() || !list->is_array())
        catalogue->problems.emplace_back("the catalogue holds no array 'commands'");
    else
        for (const Json &declared : *list) {
            Command command;
            if (declared.is_object()) command.name = text_member(declared, "name");
            if (command.name.empty() || catalogue->find(command.name)) {
                catalogue->problems.push_back("a command without a name, or a second one of the name '" + command.name +
                                              "', is not served");
                continue;
            }
            command.effect = effect_of(text_member(declared, "effect"));
            command.stream = text_member(declared, "stream");
            command.watch =
                declared.value("/watch"_json_pointer, Json()) == true && command.effect == CommandEffect::read;
            const Json properties = declared.value("/options/properties"_json_pointer, Json::object());
            if (properties.is_object())
                for (const auto &[key, schema] : properties.items()) command.options.emplace(key, option_type(schema));
            if (const Json http = declared.value("/http"_json_pointer, Json()); http.is_object()) {
                command.method = text_member(http, "method");
                command.path = text_member(http, "path");
                command.segments = path_segments(command.path);
                if (const std::string why = route_problem(command, catalogue->commands); !why.empty()) {
                    catalogue->problems.push_back("command '" + command.name + "' is served as POST /v1/commands/" +
                                                  command.name + " alone: " + why);
                    command.method.clear();
                    command.path.clear();
                    command.segments.clear();
                }
            }
            served.push_back(declared);
            catalogue->commands.push_back(std::move(command));
        }
    try {
        catalogue->openapi = openapi_document(catalogue->commands, served, version);
    } catch (const Json::exception &) { // a declaration that the host should have refused
        catalogue->problems.emplace_back("the OpenAPI document is empty: a declaration has members of the wrong type");
        catalogue->openapi = "{}";
    }
    catalogue->etag = fingerprint(text);
    catalogue->text = std::move(text);
    return catalogue;
}

} // namespace rigger::http_server
