#include "domain/ports/bus.hpp"

#include <algorithm>

namespace rigger {
namespace {
constexpr size_t longest_topic = 128;

bool topic_characters(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
               c == '.' || c == ':';
    });
}
} // namespace

bool valid_topic(std::string_view topic) noexcept {
    return !topic.empty() && topic.size() <= longest_topic && topic_characters(topic);
}

bool valid_topic_pattern(std::string_view pattern) noexcept {
    if (!pattern.ends_with('*')) return valid_topic(pattern);
    pattern.remove_suffix(1);
    return pattern.size() <= longest_topic && topic_characters(pattern);
}

bool topic_matches(std::string_view pattern, std::string_view topic) noexcept {
    if (!pattern.ends_with('*')) return pattern == topic;
    return topic.starts_with(pattern.substr(0, pattern.size() - 1));
}

} // namespace rigger
