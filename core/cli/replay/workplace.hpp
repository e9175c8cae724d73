// core/cli/replay/workplace.hpp -- a temporary directory in which plugins are enabled, and what every registry there
// has in common.
#pragma once
#include "cli/replay/scorer_house.hpp"
#include "host/registry.hpp"

#include <filesystem>
#include <string>

namespace rigger::cli::replay {

/// Goes with its owner.
class Workplace {
public:
    Workplace();
    ~Workplace();
    Workplace(const Workplace &) = delete;
    Workplace &operator=(const Workplace &) = delete;
    /// Writes plugins-enabled/NAME.yaml.
    void enable(const std::string &name, const std::string &instance_file) const;
    host::RegistryOptions registry(const HouseOptions &options) const;
    /// "NoWorkplace": the directory could not be made.
    Status status() const;
    std::filesystem::path root; ///< empty: it could not be made

private:
    int error_ = 0;
};

/// A log that nobody reads.
std::shared_ptr<spdlog::logger> no_log();

} // namespace rigger::cli::replay
