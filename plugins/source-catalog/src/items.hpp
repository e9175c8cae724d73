// items.hpp -- a market as its files say it, before it becomes offers. Plain values.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace catalog {

/// One row of the validator's `chutes` list.
struct Chute {
    std::string id, name, version, image, image_id, chutes_version;
    std::string code, filename = "chute.py", ref_str = "chute:chute";
    std::string jobs = "[]";             ///< JSON text
    int gpu_count = 1, gpu_milli = 1000; ///< milli: of each; below 1000 a share of one
    std::vector<std::string> gpus;       ///< short refs, sorted, unique
    bool has_cords = false, tee = false, preemptible = true;
    double disk_gb = 10;
    std::optional<int> max_instances;
    std::optional<double> effective_multiplier;
};

/// One row of `metrics`: the last hour.
struct Metrics {
    double multiplier = 1, compute_time = 0, invocations = 1, rate_limits = 0, instances = 0;
};

/// One row of `utilization`.
struct Utilization {
    bool scalable = false, update_in_progress = false;
    std::optional<double> target, instances, active_instances;
};

/// What an image row overrides in the chutes that use it.
struct Image {
    std::string reference, chutes_version;
};

struct Items {
    std::vector<Chute> chutes; ///< in the order of the file
    std::map<std::string, Metrics> metrics;
    std::map<std::string, Utilization> utilization;
    std::map<std::string, Image> images; ///< by image_id
};

} // namespace catalog
