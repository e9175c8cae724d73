// core/cli/locations.hpp -- where the daemon and the plugins are, from the daemon's own configuration.
#pragma once
#include "base/status.hpp"
#include "cli/language.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace rigger::cli {

struct Locations {
    std::filesystem::path config; ///< the file that was read; empty: none was found, these are the defaults
    std::filesystem::path socket;
    std::vector<std::filesystem::path> plugin_dirs;
    std::filesystem::path available, enabled, cache;
};

/// `config`: what the operator named (--config, RIGGER_CONFIG); empty: /etc/rigger/rigger.yaml, which may be missing.
/// Mistakes elsewhere in the file do not matter here: the tool must work when the daemon refuses to start. Error:
/// invalid when a named file cannot be read, or holds nothing that can be understood.
Result<Locations> find_locations(const std::string &config, const std::map<std::string, std::string> &environment,
                                 Language language);

} // namespace rigger::cli
