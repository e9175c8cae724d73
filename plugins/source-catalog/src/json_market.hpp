// json_market.hpp -- a market from the validator's own item shapes.
//
// Each list is an array of items, or an object of items by id. Missing and null fields take their defaults, numbers may
// be written as strings, unknown fields are ignored. Everything else that is wrong refuses the whole file, with file,
// line and field.
#pragma once
#include "items.hpp"

#include <rigger/sdk/status.hpp>

#include <nlohmann/json_fwd.hpp>

#include <string_view>

namespace catalog {

enum class List { chutes, metrics, utilization, images };

/// One list from its own file, added to `into`.
rig::Status add_list(Items &into, List list, std::string_view text, std::string_view file);

/// All lists from one file: {"chutes":..., "metrics":..., "utilization":..., "images":...}; `chutes` is required.
rig::Result<Items> market_from_json(std::string_view text, std::string_view file);

/// Single items, for replay. `where` opens the message.
rig::Result<Chute> chute_from_json(const nlohmann::json &item, const std::string &where);
rig::Result<Metrics> metrics_from_json(const nlohmann::json &item, const std::string &where);
rig::Result<Utilization> utilization_from_json(const nlohmann::json &item, const std::string &where);

} // namespace catalog
