// core/host/package.hpp -- an installed plugin on disk and every check that can be made before its code runs in this
// process (plugin-abi 3.9, steps 1 to 5). Used by the loader and by `rigger plugins
// inspect|verify|doctor|install|enable`.
//
// A package is a directory <plugin directory>/<anything>/ that holds plugin.yaml and the library it names. Blocking
// file I/O; any thread.
#pragma once
#include "base/status.hpp"
#include "base/time.hpp"
#include "host/elf.hpp"
#include "host/manifest.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace rigger::host {

/// What the probe learned from the descriptor, in a child process.
struct ProbedComponent {
    std::string id, kind, title, config_schema;
    std::vector<std::string> needs; ///< service ids; a trailing '?' marks an optional one
    uint64_t flags = 0;
};
struct ProbeFacts {
    std::string id, version, build;
    uint32_t abi_major = 0, abi_min = 0, abi_target = 0;
    std::vector<ProbedComponent> components;
};

struct CheckOptions {
    std::filesystem::path cache_dir; ///< created 0700 when missing; empty: check in place, copy nothing, never probe
    std::filesystem::path probe;     ///< rigger-plugin-probe; empty: no code runs at all
    Duration probe_limit = std::chrono::seconds(10);
    bool check_permissions = true; ///< library and parents belong to root or us, and nobody else may write
    bool require_digest = true;    ///< false: a manifest without blake2b is accepted
    bool ask_instances = false;    ///< by check_instance(), with the probe: what keeps them from working as configured
};

struct CheckedPackage {
    std::filesystem::path directory, library; ///< as installed
    std::filesystem::path cached;             ///< <cache_dir>/<digest>.so; empty without cache_dir
    Manifest manifest;
    std::string digest; ///< BLAKE2b-256 of the library, hex
    ElfFacts elf;
    ProbeFacts probe; ///< empty without probe
};

struct FoundPackage {
    std::filesystem::path directory;
    Result<Manifest> manifest;
};

/// Every directory below `plugin_dirs` (two levels deep: <dir>/<id>/ and <dir>/<id>/<version>/) that holds a
/// plugin.yaml, by path. A directory that does not exist is empty.
std::vector<FoundPackage> find_packages(const std::vector<std::filesystem::path> &plugin_dirs);
/// The package of this id with the highest version; nullptr: none.
const FoundPackage *find_package(const std::vector<FoundPackage> &packages, std::string_view plugin_id);

/// Steps 1 to 5. The error is a refusal in its one form; its reason is one of the tokens in docs/plugins/errors.md.
Result<CheckedPackage> check_package(const std::filesystem::path &directory, const CheckOptions &options);

/// Compares semantic versions ("1.10.0" > "1.9.3", "1.0.0-rc1" < "1.0.0"); negative, 0 or positive.
int compare_versions(std::string_view a, std::string_view b) noexcept;

} // namespace rigger::host
