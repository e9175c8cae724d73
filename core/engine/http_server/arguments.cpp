#include "engine/http_server/arguments.hpp"

#include "engine/http_server/json_text.hpp"

#include <nlohmann/json.hpp>

#include <charconv>
#include <cmath>

namespace rigger::http_server {
namespace {

using Json = nlohmann::json;
using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string shown(std::string_view text) {
    return "'" + std::string(text.substr(0, 64)) + (text.size() > 64 ? "..." : "") + "'";
}

Error wrong(std::string_view name, std::string_view value, const char *wanted) {
    return invalid("InvalidArguments",
                   "parameter '" + std::string(name) + "' is " + shown(value) + ", which is not " + wanted);
}

template <typename Number> std::optional<Number> number(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

Result<Json> typed(const std::string &name, OptionType type, const std::string &value) {
    switch (type) {
    case OptionType::integer:
        if (const auto parsed = number<int64_t>(value)) return Json(*parsed);
        return wrong(name, value, "a whole number");
    case OptionType::number:
        if (const auto parsed = number<double>(value); parsed && std::isfinite(*parsed)) return Json(*parsed);
        return wrong(name, value, "a number");
    case OptionType::boolean:
        if (const auto parsed = parse_flag(value)) return Json(*parsed);
        return wrong(name, value, "true or false");
    case OptionType::other:
        return invalid("InvalidArguments",
                       "option '" + name + "' cannot be given as a parameter; send it in a JSON body");
    case OptionType::array:
    case OptionType::string: break;
    }
    return Json(value);
}

Error unknown(const Command &command, std::string_view name) {
    std::string known;
    for (const auto &[option, type] : command.options) known += (known.empty() ? "" : ", ") + option;
    return invalid("UnknownOption", "command '" + command.name + "' has no option " + shown(name) +
                                        (known.empty() ? "; it takes none" : "; it takes: " + known));
}

Status add(Json &arguments, const Command &command, const Pairs &given) {
    for (const auto &[name, value] : given) {
        const auto option = command.options.find(name);
        if (option == command.options.end()) return unknown(command, name);
        RIG_TRY_ASSIGN(Json converted, typed(name, option->second, value));
        const auto present = arguments.find(name);
        if (option->second == OptionType::array) {
            if (present == arguments.end()) arguments[name] = Json::array({std::move(converted)});
            else present->push_back(std::move(converted));
        } else if (present != arguments.end()) {
            return invalid("DuplicateOption", "parameter '" + name + "' is given twice; give it once");
        } else {
            arguments[name] = std::move(converted);
        }
    }
    return {};
}

} // namespace

std::optional<bool> parse_flag(std::string_view text) noexcept {
    if (text == "true" || text == "1" || text.empty()) return true;
    if (text == "false" || text == "0") return false;
    return std::nullopt;
}

Pairs path_parameters(const Command &command, const std::vector<std::string> &segments) {
    Pairs out;
    for (size_t i = 0; i < command.segments.size() && i < segments.size(); ++i)
        if (const auto name = parameter_of(command.segments[i]); !name.empty()) out.emplace_back(name, segments[i]);
    return out;
}

Result<std::string> make_arguments(const Command &command, const Pairs &path, const Pairs &query, std::string_view body,
                                   size_t json_depth) {
    Json arguments = Json::object();
    Pairs parameters = path;
    for (const auto &pair : query)
        if (pair.first != kWatchParameter || command.options.count(kWatchParameter) != 0) parameters.push_back(pair);
    RIG_TRY(add(arguments, command, parameters));
    if (!body.empty()) {
        RIG_TRY_ASSIGN(Json members, parse_object(body, json_depth));
        for (auto &[name, value] : members.items()) {
            if (command.options.find(name) == command.options.end()) return unknown(command, name);
            if (arguments.contains(name))
                return invalid("DuplicateOption",
                               "option '" + name + "' is given in the path or query and in the body; give it once");
            arguments[name] = std::move(value);
        }
    }
    return arguments.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace rigger::http_server
