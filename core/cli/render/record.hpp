// core/cli/render/record.hpp -- one object as key and value lines; arrays of objects inside it become small tables.
#pragma once
#include "cli/render/result.hpp"

#include <nlohmann/json_fwd.hpp>

#include <map>
#include <string>

namespace rigger::cli {

/// What a member is called, wherever in the record it stands; one that is not here is called by its key.
using Labels = std::map<std::string, std::string, std::less<>>;
Labels labels_of(const ResultDeclaration &shape);

std::string render_record(const nlohmann::ordered_json &record, const Labels &labels, const RenderStyle &style);

/// Objects that need not have the same members; no column is declared.
std::string render_objects(const nlohmann::ordered_json &objects, const Labels &labels, const RenderStyle &style,
                           size_t indent);

} // namespace rigger::cli
