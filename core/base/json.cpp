#include "base/json.hpp"

#include <nlohmann/json.hpp>

namespace rigger {
namespace {

template <typename Json> std::string text_of(const Json &object, const char *key) {
    if (!object.is_object()) return {};
    const auto at = object.find(key);
    return at != object.end() && at->is_string() ? at->template get<std::string>() : std::string();
}

} // namespace

std::string text_member(const nlohmann::json &object, const char *key) { return text_of(object, key); }
std::string text_member(const nlohmann::ordered_json &object, const char *key) { return text_of(object, key); }

} // namespace rigger
