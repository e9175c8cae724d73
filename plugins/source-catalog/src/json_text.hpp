// json_text.hpp -- JSON of unknown origin, made safe before anything else looks at it.
#pragma once
#include <rigger/sdk/status.hpp>

#include <nlohmann/json_fwd.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace catalog {

inline constexpr int deepest_json = 64;

/// The keys in the order of the text, which a document does not keep: of the whole document under "", of an object in
/// it under its key.
using KeyOrder = std::map<std::string, std::vector<std::string>>;

/// Refuses, with file and line: binary input, nesting beyond deepest_json, a key that stands twice in one object,
/// numbers beyond double, anything after the document. Pure.
rig::Result<nlohmann::json> parse_json(std::string_view text, std::string_view file, KeyOrder *order = nullptr);

} // namespace catalog
