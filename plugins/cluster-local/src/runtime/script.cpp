#include "runtime/script.hpp"

#include "api/labels.hpp"
#include "hash.hpp"

#include <cmath>

namespace cluster_local {

bool glob(std::string_view pattern, std::string_view text) noexcept {
    size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
    while (t < text.size()) {
        if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t]) && pattern[p] != '*') {
            ++p, ++t;
        } else if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            mark = t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

bool Rule::matches(const PodTask &pod, uint64_t seed, size_t index) const {
    if (!label_key.empty()) {
        const auto value = label(pod.labels, label_key);
        if (!value || !glob(label_value, *value)) return false;
    }
    if (!glob(image, pod.image) || !glob(node, pod.node) || !glob(name, pod.name)) return false;
    return unit(hash(pod.uid, seed ^ mix(index * 1000003 + (each_attempt ? pod.attempt : 0)))) < probability;
}

bool Outage::down(std::string_view name, double at) const {
    if (!glob(node, name) || at < after_seconds) return false;
    const double since = at - after_seconds;
    return (every_seconds > 0 ? std::fmod(since, every_seconds) : since) < for_seconds;
}
std::optional<double> Outage::next_edge(double at) const {
    if (at < after_seconds) return after_seconds;
    const double since = at - after_seconds;
    const double round = every_seconds > 0 ? std::floor(since / every_seconds) * every_seconds : 0;
    if (since - round < for_seconds) return after_seconds + round + for_seconds;
    return every_seconds > 0 ? std::optional(after_seconds + round + every_seconds) : std::nullopt;
}

const Rule *Script::rule_for(const PodTask &pod) const {
    for (size_t i = 0; i < rules.size(); ++i)
        if (rules[i].matches(pod, seed, i)) return &rules[i];
    return nullptr;
}

} // namespace cluster_local
