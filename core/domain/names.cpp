#include "domain/deployment.hpp"
#include "domain/objects.hpp"
#include "domain/server.hpp"

#include <algorithm>
#include <array>

namespace rigger {
namespace {
constexpr std::array<std::string_view, 8> phase_names{"planned",  "claimed", "created",     "registered",
                                                      "verified", "active",  "terminating", "gone"};
}

std::string_view phase_name(Phase phase) noexcept { return phase_names[static_cast<size_t>(phase)]; }

std::optional<Phase> parse_phase(std::string_view name) noexcept {
    const auto at = std::find(phase_names.begin(), phase_names.end(), name);
    if (at == phase_names.end()) return std::nullopt;
    return static_cast<Phase>(at - phase_names.begin());
}

double Server::disk_available_gb() const noexcept {
    constexpr double kept_free_gb = 20; // the margin that chutes miners keep on every node
    return std::max(0.0, disk_total_gb - disk_used_gb - kept_free_gb);
}

bool Server::held_by_number() const noexcept {
    bool held = false, named = false;
    for (const Gpu &gpu : gpus) {
        const bool counted = is_counted_gpu(gpu.id.value);
        held = held || (counted && !gpu.deployment.empty());
        named = named || !counted;
    }
    return held && named;
}

void Server::set_gpus_aside() noexcept {
    if (held_by_number()) {
        for (Gpu &gpu : gpus) gpu.set_aside = gpu.deployment.empty();
        return;
    }
    int left = gpus_of_others;
    for (Gpu &gpu : gpus) gpu.set_aside = gpu.reserved && gpu.deployment.empty() && left > 0 && left-- > 0;
    for (auto gpu = gpus.rbegin(); gpu != gpus.rend() && left > 0; ++gpu)
        if (gpu->deployment.empty() && !gpu->set_aside) gpu->set_aside = left-- > 0;
}

} // namespace rigger
