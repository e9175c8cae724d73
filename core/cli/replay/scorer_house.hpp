// core/cli/replay/scorer_house.hpp -- loads scorer plugins as the daemon does, with its checks and guards, for as long
// as a replay runs.
#pragma once
#include "cli/replay/scorer_spec.hpp"
#include "domain/placement/engine.hpp"

#include <filesystem>
#include <memory>
#include <vector>

namespace rigger::cli::replay {

struct HouseOptions {
    std::vector<std::filesystem::path> plugin_dirs;
    std::filesystem::path probe; ///< rigger-plugin-probe
    size_t workers = 1;          ///< each gets instances of its own
};

class ScorerHouse {
public:
    /// Errors: a plugin that is missing, refused or does not start, with the host's reason.
    static Result<std::unique_ptr<ScorerHouse>> open(const std::vector<Contestant> &contestants,
                                                     const HouseOptions &options);
    ~ScorerHouse();
    /// What the worker hands to a replay with this seed (of chance).
    std::vector<placement::ScorerBinding> scorers(size_t contestant, size_t worker, uint64_t seed) const;

private:
    struct Parts;
    explicit ScorerHouse(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

} // namespace rigger::cli::replay
