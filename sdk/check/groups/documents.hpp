// documents.hpp -- sample documents of docs/plugins/documents.md, and small helpers around JSON.
#pragma once
#include "../kit.hpp"

#include <nlohmann/json.hpp>

namespace check {

using nlohmann::json;

/// Parses what the plugin wrote; fails the test if it is no JSON object.
json object_from(const char *what, const std::string &text);

/// Section 3 of documents.md: one active deployment.
json sample_deployment(const std::string &id);

/// A reconciler's documents for one subject ("deployment", "source", "cluster").
struct Scene {
    std::string key;
    json desired, observed;
};
/// Nothing to do: what is desired and what is observed agree, and every view is complete and fresh.
Scene settled_scene(const std::string &subject);
/// Something is plainly wrong in each subject: a failed job, an unknown instance, an object of no deployment.
Scene troubled_scene(const std::string &subject);
/// Every view is incomplete and shows nothing.
Scene blind_scene(const std::string &subject);

} // namespace check
