// core/daemon/config/config.hpp -- the daemon's configuration: what it can say, how it is read, what a change means.
//
// Every key is declared once, in keys.cpp and keys_control.cpp; the reader, the environment overrides, etc/rigger.yaml
// and docs/operators/configuration.md all follow from there. Any thread.
#pragma once
#include "base/secret.hpp"
#include "base/status.hpp"
#include "control/config.hpp"
#include "domain/placement/rules.hpp"
#include "engine/http_server/server.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rigger {

struct TokenConfig {
    std::string name;
    Role role = Role::read;
    Secret secret;
};

struct Config {
    std::filesystem::path state_dir = "/var/lib/rigger"; ///< records; one daemon at a time
    std::filesystem::path runtime_dir = "/run/rigger";   ///< socket, pid file
    std::string language = "en";                         ///< "en" or "zh"
    struct {
        std::string url; ///< empty: sqlite in state_dir, see store_url()
    } store;
    struct {
        std::string url = "memory";
    } bus;
    struct {
        std::vector<std::filesystem::path> path{"/usr/lib/rigger/plugins"}; ///< where packages are installed
        std::filesystem::path available = "/etc/rigger/plugins-available";
        std::filesystem::path enabled = "/etc/rigger/plugins-enabled";
        std::filesystem::path cache = "/var/cache/rigger/plugins";
        bool safe_mode = false; ///< start nothing but rigger's own plugins
    } plugins;
    struct {
        struct {
            std::string path; ///< empty: rigger.sock in runtime_dir, see socket_path()
            uint32_t mode = 0660;
            std::string group; ///< empty: the daemon's own
        } unix_socket;
        struct {
            bool enabled = false;
            std::string address = "127.0.0.1";
            uint16_t port = 7447;
            std::vector<TokenConfig> tokens;
        } tcp;
    } http;
    http_server::Limits limits;
    struct {
        std::string level = "info";  ///< trace, debug, info, warn, error
        std::string format = "text"; ///< text or json
    } log;
    placement::PlacementRules placement; ///< without max_actions: control.max_starts_per_plan bounds a plan
    ControlConfig control;

    std::string store_url() const;
    std::string socket_path() const;
    /// load_config() with this process's environment. Error: invalid/ConfigInvalid with one line per problem.
    static Result<Config> load(const std::filesystem::path &file);
};

/// Something wrong, and where: "/etc/rigger/rigger.yaml:12:9" or "environment variable RIGGER_LOG_LEVEL".
struct ConfigProblem {
    std::string where, text;
    int line = 0, column = 0; ///< 1-based; 0: not in a file
};

struct LoadedConfig {
    Config config;                               ///< use it only when ok()
    std::vector<ConfigProblem> problems;         ///< all of them, in the order of the file
    std::vector<ConfigProblem> warnings;         ///< the daemon starts nevertheless
    std::string file;                            ///< for messages
    std::map<std::string, ConfigProblem> places; ///< the keys that are set, and where
    bool ok() const noexcept { return problems.empty(); }
    /// One line per problem: "<where>: <text>". Error: invalid/ConfigInvalid. Ok when there is none.
    Status status() const;
    /// Where the key is set; the file alone when it has its default.
    ConfigProblem place(const std::string &key) const;
};

using Environment = std::map<std::string, std::string>;
Environment read_environment(); ///< of this process

/// Reads the file (at most 256 KiB), then the environment's RIGGER_* overrides, then checks the whole.
LoadedConfig load_config(const std::string &path, const Environment &environment);
/// The same over a text; `file` is for messages.
LoadedConfig parse_config(std::string_view yaml, std::string_view file, const Environment &environment);

struct ConfigChange {
    std::string key;      ///< "control.placement.plan_period"
    std::string from, to; ///< secrets as "***"
    bool restart = false; ///< takes effect at the next start only
};
/// What differs, in the table's order.
std::vector<ConfigChange> diff(const Config &from, const Config &to);

} // namespace rigger
