#include "cli/locations.hpp"

#include "cli/render/text_width.hpp"
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

Result<Locations> find_locations(const std::string &config, const std::map<std::string, std::string> &environment,
                                 Language language) {
    const auto tr = [&](std::string_view en, std::string_view zh) { return std::string(Text{en, zh}.in(language)); };
    const std::string file = config.empty() ? kDefaultConfig : config;
    const auto missing = [&](const std::string &why) {
        return invalid("ConfigMissing",
                       tr("cannot read the configuration ", "无法读取配置 ") + elide(printable(config), 120) +
                           tr(": ", "：") + why +
                           tr("; check --config or RIGGER_CONFIG", "；请检查 --config 或 RIGGER_CONFIG"));
    };
    if (::access(file.c_str(), R_OK) != 0) {
        if (config.empty()) return from(Config{}, {});
        return missing(std::strerror(errno));
    }
    std::error_code failed;
    if (!config.empty() && !std::filesystem::is_regular_file(file, failed))
        return missing(tr("it is not a regular file", "它不是普通文件"));
    return from(load_config(file, environment).config, file);
}

} // namespace rigger::cli
