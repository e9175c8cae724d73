// engine/http_server/json_text.hpp -- JSON from strangers: bounded depth, no duplicate members, no trailing text.
#pragma once
#include "base/status.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string_view>

namespace rigger::http_server {

/// One JSON object. Errors: invalid; reason "MalformedJson", "JsonTooDeep" or "DuplicateMember". Any thread.
Result<nlohmann::json> parse_object(std::string_view text, size_t max_depth);

} // namespace rigger::http_server
