// core/host/misfit.hpp -- where and why a value does not fit a JSON Schema, in words for an operator. Pure, any thread.
//
// The judge is JsonSchema; this finds the words for the common keywords (type, enum, const, bounds, lengths, pattern,
// required, additionalProperties, properties, items, anyOf, oneOf, local $ref). What another keyword forbids it does
// not see.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <vector>

namespace rigger::host {

struct Misfit {
    std::vector<std::string> path; ///< from the top: keys, and indexes of lists
    std::string text; ///< "found 'soon'; expected a number from 0.1 to 3600". A value that the schema calls writeOnly
                      ///< is not shown
};

/// The first misfit in the order of the value's keys; nullopt: none that it can tell.
std::optional<Misfit> find_misfit(const nlohmann::json &schema, const nlohmann::json &value);

/// "simulation.rules[2].outcome"; `top` stands for the whole.
std::string dotted(const std::string &top, const std::vector<std::string> &path);

} // namespace rigger::host
