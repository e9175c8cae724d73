// engine/http_server/openapi.hpp -- the OpenAPI 3.1 document of what the server serves, from the commands' own
// declarations.
#pragma once
#include "engine/http_server/catalogue.hpp"

#include <nlohmann/json_fwd.hpp>

namespace rigger::http_server {

/// `declared` holds the declarations of `commands`, in the same order.
std::string openapi_document(const std::vector<Command> &commands, const nlohmann::json &declared,
                             std::string_view version);

} // namespace rigger::http_server
