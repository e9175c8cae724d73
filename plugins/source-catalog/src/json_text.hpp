// json_text.hpp -- JSON of unknown origin, made safe before anything else looks at it.
#pragma once
#include <rigger/sdk/status.hpp>

#include <nlohmann/json_fwd.hpp>

#include <string_view>

namespace catalog {

inline constexpr int deepest_json = 64;

/// Refuses, with file and line: binary input, nesting beyond deepest_json, a key that stands twice in one object,
/// numbers beyond double, anything after the document. Pure.
rig::Result<nlohmann::json> parse_json(std::string_view text, std::string_view file);

} // namespace catalog
