// core/base/json.hpp -- reading documents that may not be what they should be.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include <string>

namespace rigger {

/// The text below a key of an object; empty where it is missing or something else.
std::string text_member(const nlohmann::json &object, const char *key);
std::string text_member(const nlohmann::ordered_json &object, const char *key);

} // namespace rigger
