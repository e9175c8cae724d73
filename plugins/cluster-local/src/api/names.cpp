#include "api/names.hpp"

#include "api/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace cluster_local {
namespace {
bool lower(char c) { return c >= 'a' && c <= 'z'; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool alnum(char c) { return lower(c) || digit(c) || (c >= 'A' && c <= 'Z'); }

/// The part of a label key after the slash, and a whole label value.
bool is_qualified(std::string_view s) {
    if (s.empty() || s.size() > 63 || !alnum(s.front()) || !alnum(s.back())) return false;
    return std::all_of(s.begin(), s.end(), [](char c) { return alnum(c) || c == '-' || c == '_' || c == '.'; });
}
} // namespace

bool is_dns1123_label(std::string_view s) noexcept {
    if (s.empty() || s.size() > 63 || s.front() == '-' || s.back() == '-') return false;
    return std::all_of(s.begin(), s.end(), [](char c) { return lower(c) || digit(c) || c == '-'; });
}
bool is_dns1123_subdomain(std::string_view s) noexcept {
    if (s.empty() || s.size() > 253) return false;
    const auto inner = [](char c) { return lower(c) || digit(c); };
    char previous = '.';
    for (const char c : s) {
        if (c == '.' ? !inner(previous) : c == '-' ? previous == '.' : !inner(c)) return false;
        previous = c;
    }
    return inner(previous);
}
bool is_dns1035_label(std::string_view s) noexcept { return is_dns1123_label(s) && lower(s.front()); }
bool is_label_key(std::string_view s) noexcept {
    const size_t slash = s.find('/');
    if (slash == std::string_view::npos) return is_qualified(s);
    return is_dns1123_subdomain(s.substr(0, slash)) && is_qualified(s.substr(slash + 1));
}
bool is_label_value(std::string_view s) noexcept { return s.empty() || is_qualified(s); }

void check_labels(const Json &holder, const std::string &path, Problems &problems) {
    if (!Checker(holder, problems, path + ".").string_map("labels")) return;
    const Json *labels = find(holder, {"labels"});
    if (!labels) return;
    for (const auto &[key, value] : labels->items()) {
        if (!is_label_key(key))
            problems.add(path + ".labels", "Invalid value: \"" + key +
                                               "\": a key is [prefix/]name, the name 1-63 characters of [A-Za-z0-9_.-] "
                                               "that begin and end with an alphanumeric one");
        if (!is_label_value(value.get_ref<const std::string &>()))
            problems.add(
                path + ".labels[" + key + "]",
                "Invalid value: at most 63 characters of [A-Za-z0-9_.-] that begin and end with an alphanumeric one");
    }
}

void check_metadata(const Json &metadata, Problems &problems) {
    const Checker check(metadata, problems, "metadata.");
    check_labels(metadata, "metadata", problems);
    if (check.string_map("annotations")) {
        if (const Json *annotations = find(metadata, {"annotations"})) {
            size_t bytes = 0;
            for (const auto &[key, value] : annotations->items()) {
                bytes += key.size() + value.get_ref<const std::string &>().size();
                std::string folded = key;
                std::transform(folded.begin(), folded.end(), folded.begin(),
                               [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
                if (!is_label_key(folded))
                    problems.add("metadata.annotations", "Invalid value: \"" + key + "\" is not a qualified name");
            }
            if (bytes > 256 * 1024) problems.add("metadata.annotations", "Too long: must have at most 262144 bytes");
        }
    }
    if (check.array("finalizers")) {
        if (const Json *finalizers = find(metadata, {"finalizers"}))
            for (const Json &item : *finalizers)
                if (!item.is_string() || !is_label_key(item.get_ref<const std::string &>()))
                    problems.add("metadata.finalizers", "Invalid value: each must be a qualified name");
    }
    if (!check.array("ownerReferences")) return;
    const Json *owners = find(metadata, {"ownerReferences"});
    int controllers = 0;
    for (const Json &owner : owners ? *owners : Json::array()) {
        const Checker each(owner, problems, "metadata.ownerReferences.");
        for (const char *key : {"apiVersion", "kind", "name", "uid"})
            if (each.string(key)) each.required(key);
        for (const char *key : {"controller", "blockOwnerDeletion"}) each.boolean(key);
        controllers += flag_at(owner, {"controller"});
    }
    if (controllers > 1)
        problems.add("metadata.ownerReferences", "Invalid value: only one reference can have controller set to true");
}

} // namespace cluster_local
