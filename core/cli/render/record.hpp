// core/cli/render/record.hpp -- one object as key and value lines; arrays of objects inside it become small tables.
#pragma once
#include "cli/render/result.hpp"

#include <nlohmann/json_fwd.hpp>

namespace rigger::cli {

std::string render_record(const nlohmann::ordered_json &record, const RenderStyle &style);

/// Objects that need not have the same members; no column is declared.
std::string render_objects(const nlohmann::ordered_json &objects, const RenderStyle &style, size_t indent);

} // namespace rigger::cli
