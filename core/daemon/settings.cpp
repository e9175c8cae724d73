#include "daemon/settings.hpp"

#include "daemon/version.hpp"
#include "engine/secrets/secrets.hpp"
#include "engine/store_sqlite/sqlite_store.hpp"

#include <cstdlib>
#include <unistd.h>

namespace rigger::daemon {
namespace {

/// Helper programs lie beside riggerd (build tree) or in ../lib/rigger (installed).
std::filesystem::path helper_program(const char *name) {
    std::error_code failed;
    const auto here = std::filesystem::read_symlink("/proc/self/exe", failed).parent_path();
    const auto beside = here / name;
    return std::filesystem::exists(beside, failed) ? beside : here.parent_path() / "lib/rigger" / name;
}

/// A directory of this process's own, gone at the end.
class ThrowAwayDirectory {
public:
    ThrowAwayDirectory() {
        std::error_code failed;
        std::string name = std::filesystem::temp_directory_path(failed) / "riggerd-check-XXXXXX";
        if (!failed && ::mkdtemp(name.data())) path_ = name;
    }
    ~ThrowAwayDirectory() {
        std::error_code failed;
        if (!path_.empty()) std::filesystem::remove_all(path_, failed);
    }
    ThrowAwayDirectory(const ThrowAwayDirectory &) = delete;
    ThrowAwayDirectory &operator=(const ThrowAwayDirectory &) = delete;
    const std::filesystem::path &path() const noexcept { return path_; } ///< empty: there is none

private:
    std::filesystem::path path_;
};

} // namespace

Result<Config> read_config(const std::string &path, std::vector<std::string> &warnings) {
    auto loaded = load_config(path, read_environment());
    RIG_TRY(loaded.status());
    for (const auto &warning : loaded.warnings) warnings.push_back(warning.where + ": " + warning.text);
    return std::move(loaded.config);
}

Result<std::unique_ptr<Store>> open_configured_store(const Config &config) {
    RIG_TRY_ASSIGN(const auto options, parse_sqlite_url(config.store_url()));
    return open_sqlite_store(options);
}

host::RegistryOptions registry_options(const Config &config) {
    host::RegistryOptions options;
    options.enabled_dir = config.plugins.enabled;
    options.plugin_dirs = config.plugins.path;
    options.state_dir = config.state_dir / "plugins";
    options.check.cache_dir = config.plugins.cache;
    options.check.probe = helper_program("rigger-plugin-probe");
    options.safe_mode = config.plugins.safe_mode;
    return options;
}

Result<std::vector<host::InstanceVerdict>> check_plugins(const Config &config, bool ask) {
    host::CheckOptions options = registry_options(config).check;
    options.ask_instances = ask;
    // A check makes nothing that a start would find, least of all a cache that belongs to whoever checked.
    const ThrowAwayDirectory instead;
    if (::access(options.cache_dir.c_str(), W_OK) != 0) options.cache_dir = instead.path();
    return host::check_instances(config.plugins.enabled, host::find_packages(config.plugins.path), options);
}

http_server::Options http_options(const Config &config) {
    http_server::Options options;
    options.unix_socket =
        http_server::UnixSocket{config.socket_path(), config.http.unix_socket.mode, config.http.unix_socket.group};
    if (config.http.tcp.enabled) options.tcp = http_server::TcpSocket{config.http.tcp.address, config.http.tcp.port};
    for (const auto &token : config.http.tcp.tokens)
        options.tokens.push_back({token.name, std::string(token.secret.reveal()), token.role});
    options.limits = config.limits;
    options.version = version;
    return options;
}

placement::PlacementRules placement_rules(const Config &config) { return config.placement; }

std::unique_ptr<SecretProvider> make_secret_provider() { return rigger::make_secret_provider(); }

} // namespace rigger::daemon
