#include "cli/locations.hpp"

#include "daemon/config/config.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace rigger::cli {
namespace {

constexpr const char *kDefaultConfig = "/etc/rigger/rigger.yaml";

Locations from(const Config &config, std::filesystem::path file) {
    return {std::move(file),          config.socket_path(),   config.plugins.path,
            config.plugins.available, config.plugins.enabled, config.plugins.cache};
}

} // namespace

Result<Locations> find_locations(const std::string &config, const std::map<std::string, std::string> &environment) {
    const std::string file = config.empty() ? kDefaultConfig : config;
    if (::access(file.c_str(), R_OK) != 0) {
        if (config.empty()) return from(Config{}, {});
        return invalid("ConfigMissing", "cannot read the configuration " + config + ": " + std::strerror(errno) +
                                            "; check --config or RIGGER_CONFIG");
    }
    return from(load_config(file, environment).config, file);
}

} // namespace rigger::cli
