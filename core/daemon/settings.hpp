// core/daemon/settings.hpp -- the configuration as each part wants it.
#pragma once
#include "base/status.hpp"
#include "daemon/config/config.hpp"
#include "domain/placement/rules.hpp"
#include "domain/ports/secrets.hpp"
#include "domain/ports/store.hpp"
#include "engine/http_server/server.hpp"
#include "host/instance_check.hpp"
#include "host/registry.hpp"

#include <memory>

namespace rigger::daemon {

/// Reads the file and the environment; warnings are appended to `warnings`. Error: every problem, one per line.
Result<Config> read_config(const std::string &path, std::vector<std::string> &warnings);

/// The store that the URL names. Error: invalid when no engine serves its scheme.
Result<std::unique_ptr<Store>> open_configured_store(const Config &config);
host::RegistryOptions registry_options(const Config &config);
/// Every enabled plugin instance, with what would keep it from being loaded, and with `ask` what it finds wrong with
/// the files that its settings name; their code runs in child processes only. Error: there is no such directory.
Result<std::vector<host::InstanceVerdict>> check_plugins(const Config &config, bool ask);
http_server::Options http_options(const Config &config);
placement::PlacementRules placement_rules(const Config &config);

/// Secrets of plugin instances, by file or environment. Thread-safe.
std::unique_ptr<SecretProvider> make_secret_provider();

} // namespace rigger::daemon
