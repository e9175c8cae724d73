// kinds/config_map.cpp -- v1 ConfigMap.
#include "api/json.hpp"
#include "kinds/kind.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace cluster_local {
namespace {
constexpr KindInfo kConfigMapInfo{"v1", "ConfigMap", "configmaps", true, false, {}};
constexpr size_t kMaxDataBytes = 1'048'576;

bool valid_key(std::string_view key) {
    if (key.empty() || key.size() > 253 || key == "." || key.starts_with("..")) return false;
    return std::all_of(key.begin(), key.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
               c == '.';
    });
}
bool base64(std::string_view text) {
    while (text.ends_with('=')) text.remove_suffix(1);
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
    });
}

class ConfigMap final : public Kind {
public:
    const KindInfo &info() const noexcept override { return kConfigMapInfo; }
    void validate(const Json &object, Problems &problems) const override {
        const Checker check(object, problems);
        check.boolean("immutable");
        size_t bytes = 0;
        for (const char *part : {"data", "binaryData"}) {
            const Json *entries = check.string_map(part) ? find(object, {part}) : nullptr;
            if (!entries) continue;
            for (const auto &[key, value] : entries->items()) {
                bytes += key.size() + value.get_ref<const std::string &>().size();
                if (!valid_key(key))
                    problems.add(std::string(part) + "[" + key.substr(0, 80) + "]",
                                 "Invalid value: a key is made of [-._a-zA-Z0-9]");
                if (std::string_view(part) == "binaryData" && !base64(value.get_ref<const std::string &>()))
                    problems.add(std::string(part) + "[" + key + "]", "Invalid value: not base64");
                if (std::string_view(part) == "binaryData" && find(object, {"data", key}))
                    problems.add(std::string(part) + "[" + key + "]",
                                 "Invalid value: duplicate of key present in data");
            }
        }
        if (bytes > kMaxDataBytes) problems.add("data", "Too long: must have at most 1048576 bytes");
    }
    void validate_update(const Json &before, const Json &after, Problems &problems) const override {
        if (!flag_at(before, {"immutable"})) return;
        if (!flag_at(after, {"immutable"}))
            problems.add("immutable", "Forbidden: field is immutable when `immutable` is set");
        for (const char *part : {"data", "binaryData"})
            if (before.value(part, Json::object()) != after.value(part, Json::object()))
                problems.add(part, "Forbidden: field is immutable when `immutable` is set");
    }
    Json initial_status(const Json &) const override { return nullptr; }
};
} // namespace

const Kind &config_map_kind() {
    static const ConfigMap kind;
    return kind;
}

} // namespace cluster_local
