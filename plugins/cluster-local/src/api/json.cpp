#include "api/json.hpp"

#include "api/quantity.hpp"

#include <nlohmann/json.hpp>

namespace cluster_local {
namespace {
bool too_deep(std::string_view text) {
    size_t depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            if (c == '\\') ++i;
            else if (c == '"') quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            if (++depth > kMaxDepth) return true;
        } else if ((c == '}' || c == ']') && depth > 0) {
            --depth;
        }
    }
    return false;
}
} // namespace

rig::Result<Json> parse_object(std::string_view text, std::string_view what) {
    if (text.size() > kMaxObjectBytes) return errors::too_large(text.size(), kMaxObjectBytes);
    if (too_deep(text))
        return errors::bad_request(std::string(what) + " is nested deeper than " + std::to_string(kMaxDepth) +
                                   " levels");
    Json value = Json::parse(text.begin(), text.end(), nullptr, false);
    if (value.is_discarded()) return errors::bad_request(std::string(what) + " is not well-formed JSON in UTF-8");
    if (!value.is_object()) return errors::bad_request(std::string(what) + " is not a JSON object");
    return value;
}

const Json *find(const Json &object, Path path) {
    const Json *at = &object;
    for (const auto key : path) {
        if (!at->is_object()) return nullptr;
        const auto it = at->find(key);
        if (it == at->end() || it->is_null()) return nullptr;
        at = &*it;
    }
    return at;
}
std::string_view text_at(const Json &object, Path path) {
    const Json *value = find(object, path);
    const auto *text = value ? value->get_ptr<const std::string *>() : nullptr;
    return text ? std::string_view(*text) : std::string_view();
}
std::optional<int64_t> integer_at(const Json &object, Path path) {
    const Json *value = find(object, path);
    if (!value || !value->is_number_integer()) return std::nullopt;
    if (value->is_number_unsigned() && value->get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)) return std::nullopt;
    return value->get<int64_t>();
}
bool flag_at(const Json &object, Path path) {
    const Json *value = find(object, path);
    return value && value->is_boolean() && value->get<bool>();
}
const Json &list_at(const Json &object, Path path) {
    static const Json none = Json::array();
    const Json *value = find(object, path);
    return value && value->is_array() ? *value : none;
}
Json &child(Json &object, const char *key) {
    Json &member = object[key];
    if (!member.is_object()) member = Json::object();
    return member;
}
void set_default(Json &object, const char *key, Json value) {
    if (!object.contains(key)) object[key] = std::move(value);
}
void drop_nulls(Json &value) {
    if (value.is_object()) {
        for (auto it = value.begin(); it != value.end();) {
            if (it->is_null()) {
                it = value.erase(it);
            } else {
                drop_nulls(*it);
                ++it;
            }
        }
    } else if (value.is_array()) {
        for (Json &item : value) drop_nulls(item);
    }
}

const Json *Checker::at(std::string_view path) const {
    const Json *value = &object_;
    while (!path.empty()) {
        const size_t dot = path.find('.');
        value = find(*value, {path.substr(0, dot)});
        if (!value || dot == std::string_view::npos) return value;
        path.remove_prefix(dot + 1);
    }
    return value;
}
bool Checker::fail(std::string_view path, std::string_view what) const {
    problems_.add(prefix_ + std::string(path), what);
    return false;
}
void Checker::required(std::string_view path) const {
    const Json *value = at(path);
    if (!value || (value->is_string() && value->get_ref<const std::string &>().empty()))
        problems_.required(prefix_ + std::string(path));
}
bool Checker::integer(std::string_view path, int64_t min, int64_t max) const {
    const Json *value = at(path);
    if (!value) return true;
    if (!value->is_number_integer()) return fail(path, "Invalid value: must be an integer");
    const bool huge = value->is_number_unsigned() && value->get<uint64_t>() > static_cast<uint64_t>(INT64_MAX);
    if (huge || value->get<int64_t>() < min || value->get<int64_t>() > max)
        return fail(path, "Invalid value: must be between " + std::to_string(min) + " and " + std::to_string(max));
    return true;
}
bool Checker::boolean(std::string_view path) const {
    const Json *value = at(path);
    return !value || value->is_boolean() || fail(path, "Invalid value: must be true or false");
}
bool Checker::string(std::string_view path) const {
    const Json *value = at(path);
    return !value || value->is_string() || fail(path, "Invalid value: must be a string");
}
bool Checker::object(std::string_view path) const {
    const Json *value = at(path);
    return !value || value->is_object() || fail(path, "Invalid value: must be an object");
}
bool Checker::array(std::string_view path) const {
    const Json *value = at(path);
    return !value || value->is_array() || fail(path, "Invalid value: must be a list");
}
bool Checker::string_map(std::string_view path) const {
    const Json *value = at(path);
    if (!value) return true;
    if (!value->is_object()) return fail(path, "Invalid value: must be an object");
    for (const auto &[key, member] : value->items())
        if (!member.is_string()) return fail(std::string(path) + "[" + key + "]", "Invalid value: must be a string");
    return true;
}
bool Checker::one_of(std::string_view path, std::initializer_list<std::string_view> values) const {
    const Json *value = at(path);
    if (!value) return true;
    std::string supported;
    for (const auto allowed : values) {
        if (value->is_string() && value->get_ref<const std::string &>() == allowed) return true;
        supported += (supported.empty() ? "\"" : ", \"") + std::string(allowed) + "\"";
    }
    return fail(path, "Unsupported value: supported values: " + supported);
}
bool Checker::quantities(std::string_view path) const {
    const Json *value = at(path);
    if (!value) return true;
    if (!value->is_object()) return fail(path, "Invalid value: must be an object");
    for (const auto &[key, member] : value->items())
        if (!parse_quantity(member))
            return fail(std::string(path) + "[" + key + "]", "Invalid value: not a resource quantity");
    return true;
}

} // namespace cluster_local
