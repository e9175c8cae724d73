// engine/http_server/arguments.hpp -- from path, query and body to the arguments document that the CommandService
// validates.
#pragma once
#include "engine/http_server/catalogue.hpp"
#include "engine/http_server/uri.hpp"

#include <optional>

namespace rigger::http_server {

/// Query parameters that speak to the server and not to the command, unless the command has an option of that name.
inline constexpr std::string_view kWatchParameter = "watch";

/// The path's parameters, in the order of the route.
std::vector<std::pair<std::string, std::string>> path_parameters(const Command &command,
                                                                 const std::vector<std::string> &segments);

/// Texts become the declared types ("true" -> true, "5" -> 5; an array may be given several times). A name that is not
/// declared, given twice, or given in two places is refused. `body` is empty or one JSON object; its members are passed
/// on as they are. Errors: invalid; reason "UnknownOption", "DuplicateOption", "InvalidArguments", or those of
/// parse_object. Any thread.
Result<std::string> make_arguments(const Command &command, const std::vector<std::pair<std::string, std::string>> &path,
                                   const std::vector<std::pair<std::string, std::string>> &query, std::string_view body,
                                   size_t json_depth);

/// "true", "1" and "" (a bare "?watch") are true, "false" and "0" false; nullopt: neither.
std::optional<bool> parse_flag(std::string_view text) noexcept;

} // namespace rigger::http_server
