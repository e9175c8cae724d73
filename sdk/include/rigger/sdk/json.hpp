// rigger/sdk/json.hpp -- opt-in: documents as nlohmann::json values, without exceptions. Needs nlohmann-json
// (header-only).
#pragma once
#include <rigger/sdk/status.hpp>

#include <nlohmann/json.hpp>

namespace [[gnu::visibility("hidden")]] rig {
inline namespace abi1 {
namespace json {

using Value = nlohmann::json;

/// One JSON object; `what` names it in the error. Errors: INVALID.
inline Result<Value> object(std::string_view text, std::string_view what) {
    Value v = Value::parse(text, nullptr, false);
    if (!v.is_object())
        return Error{RIG_E_INVALID, "MalformedDocument", std::string(what) + " is not a JSON object", 0};
    return v;
}

/// The value of a key, or `fallback` where it is missing, null or of another type: what docs/plugins/documents.md
/// asks of readers.
template <typename T> T get(const Value &from, const char *key, T fallback) {
    if (!from.is_object()) return fallback;
    const auto it = from.find(key);
    if (it == from.end()) return fallback;
    if constexpr (std::is_same_v<T, bool>) {
        return it->is_boolean() ? it->template get<bool>() : fallback;
    } else if constexpr (std::is_arithmetic_v<T>) {
        return it->is_number() ? it->template get<T>() : fallback;
    } else {
        return it->is_string() ? it->template get<T>() : fallback;
    }
}
inline std::string get(const Value &from, const char *key, const char *fallback) {
    return get<std::string>(from, key, fallback);
}

/// The object or array below a key; an empty object where there is none. The answer refers into `from`.
inline const Value &at(const Value &from, const char *key) {
    static const Value none = Value::object();
    if (!from.is_object()) return none;
    const auto it = from.find(key);
    return it == from.end() || !it->is_structured() ? none : *it;
}

/// Text for the border; bytes that are no UTF-8 are replaced, never thrown over.
inline std::string text(const Value &v) { return v.dump(-1, ' ', false, Value::error_handler_t::replace); }

} // namespace json
} // namespace abi1
} // namespace rig
