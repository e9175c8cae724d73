// runtime/script.hpp -- how simulated pods and nodes behave: times, scripted failures, node outages. All chances are
// functions of the seed and the pod's uid, so a run repeats exactly.
#pragma once
#include "runtime/runtime.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cluster_local {

enum class Outcome : uint8_t { image_pull, error, oom_killed, completed, evicted, pending, not_ready };

/// The first rule that matches a pod and whose chance falls on it decides its fate.
struct Rule {
    std::string label_key, label_value;              ///< empty key: any
    std::string image = "*", node = "*", name = "*"; ///< globs
    Outcome outcome = Outcome::error;
    int exit_code = 1;
    double after_seconds = 0; ///< from the containers' start (error, oom_killed, completed, evicted)
    double for_seconds = -1;  ///< image_pull, pending, not_ready: it heals after this; < 0: never
    double probability = 1;
    bool each_attempt = false; ///< roll the dice anew at every restart of the containers
    std::string message;
    bool matches(const PodTask &, uint64_t seed, size_t index) const;
};

/// Nodes that match stop answering `after` seconds from the cluster's start, for `lasting` seconds, again every `every`
/// seconds (0: once).
struct Outage {
    std::string node = "*";
    double after_seconds = 0, for_seconds = 60, every_seconds = 0;
    bool down(std::string_view name, double at_seconds) const;
    /// When it next begins or ends after that moment, in seconds; nullopt: never.
    std::optional<double> next_edge(double at_seconds) const;
};

struct Script {
    uint64_t seed = 1;
    std::pair<double, double> pull_seconds{2,
                                           6}; ///< by image and node, spread evenly; an image is pulled once per node
    double start_seconds = 1, ready_seconds = 2, stop_seconds = 1, log_seconds = 10;
    std::vector<Rule> rules;
    std::vector<Outage> outages;
    const Rule *rule_for(const PodTask &) const;
};

/// '*' any run of characters, '?' any one.
bool glob(std::string_view pattern, std::string_view text) noexcept;

} // namespace cluster_local
