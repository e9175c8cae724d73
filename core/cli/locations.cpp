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
    const LoadedConfig loaded = load_config(file, environment);
    // Nothing of it was understood, and the defaults would be another daemon's.
    if (!config.empty() && !loaded.ok() && loaded.places.empty())
        return invalid("ConfigInvalid", tr("cannot learn from the configuration where the daemon is: ",
                                           "无法从配置得知守护进程的位置：") +
                                            printable(loaded.problems.front().where) + ": " +
                                            printable(loaded.problems.front().text) +
                                            tr("; correct it, or name the daemon's socket with --socket",
                                               "；请更正，或用 --socket 指定守护进程的套接字"));
    return from(loaded.config, file);
}

} // namespace rigger::cli
