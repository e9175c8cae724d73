// engine/http_server/catalogue.hpp -- the commands' declarations as HTTP needs them: routes, option types, OpenAPI.
#pragma once
#include "base/status.hpp"
#include "domain/ports/commands.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rigger::http_server {

enum class OptionType : uint8_t { string, integer, number, boolean, array, other };

struct Command {
    std::string name;
    CommandEffect effect = CommandEffect::destructive;
    bool watch = false; ///< may be served as an event stream
    std::string stream; ///< the flag with which its progress is its output (a followed log), and may go on for long;
                        ///< empty: none
    std::map<std::string, OptionType, std::less<>> options;
    std::string method;                ///< empty: only POST /v1/commands/{name}
    std::string path;                  ///< "/v1/deployments/{deployment}"
    std::vector<std::string> segments; ///< of the path; "{x}" stands for any one segment
};

/// Immutable; shared between requests.
struct Catalogue {
    std::string text;    ///< as the CommandService gave it
    std::string etag;    ///< quoted
    std::string openapi; ///< OpenAPI 3.1
    std::vector<Command> commands;
    std::vector<std::string> problems; ///< declarations that are not served, and why
    const Command *find(std::string_view name) const noexcept;
};

/// Never fails: what is malformed is left out and listed in `problems`. `version` is the product's. Any thread.
std::shared_ptr<const Catalogue> read_catalogue(std::string text, std::string_view version);

/// Splits a declared path; empty when it is not "/v1/..." of plain segments and {parameters}.
std::vector<std::string> path_segments(std::string_view path);
/// The option that a "{option}" segment names; empty for a plain segment.
std::string_view parameter_of(std::string_view segment) noexcept;
/// The routes that the server itself has; no command may take them.
bool is_reserved(const std::vector<std::string> &segments) noexcept;

} // namespace rigger::http_server
