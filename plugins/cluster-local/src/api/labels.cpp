#include "api/labels.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace cluster_local {
namespace {
std::string_view next(std::string_view &packed) {
    const size_t end = packed.find('\0');
    const std::string_view item = packed.substr(0, end);
    packed.remove_prefix(end == std::string_view::npos ? packed.size() : end + 1);
    return item;
}
void append(std::string &to, std::string_view item) {
    const size_t at = to.size();
    to.append(item);
    std::replace(to.begin() + static_cast<std::ptrdiff_t>(at), to.end(), '\0', '?');
    to.push_back('\0');
}
} // namespace

std::string pack_labels(const Json *labels) {
    std::string out;
    if (!labels || !labels->is_object()) return out;
    for (const auto &[key, value] : labels->items()) {
        if (!value.is_string()) continue;
        append(out, key);
        append(out, value.get_ref<const std::string &>());
    }
    return out;
}

std::optional<std::string_view> label(std::string_view packed, std::string_view key) {
    while (!packed.empty()) {
        const auto found = next(packed);
        const auto value = next(packed);
        if (found == key) return value;
    }
    return std::nullopt;
}

std::string pack_values(const std::vector<std::string> &values) {
    std::string out;
    for (const auto &value : values) append(out, value);
    return out;
}

std::string_view value_at(std::string_view packed, size_t index) {
    for (; index > 0 && !packed.empty(); --index) next(packed);
    return next(packed);
}

} // namespace cluster_local
