// core/host/instance_check.hpp -- an instance's settings against the plugin that they are for, before any of its code
// runs in this process. Used by the registry, by `riggerd --check-config` and by `rigger plugins doctor|enable`.
// Blocking file I/O; any thread.
#pragma once
#include "host/instance_file.hpp"
#include "host/package.hpp"

namespace rigger::host {

/// The component that the settings mean. Errors: refusals ComponentUnclear, ComponentMissing.
Result<const ProbedComponent *> find_component(const InstanceFile &file, const Manifest &manifest,
                                               const std::vector<ProbedComponent> &components);

/// The configuration with the schema's defaults. Errors: refusals ConfigInvalid ("<file>:<line>: config.key: found ...;
/// expected ..."), SecretNotGranted, SchemaInvalid.
Result<std::string> fit_config(const InstanceFile &file, const Manifest &manifest, const ProbedComponent &component);

/// The package for the settings. Errors: refusal PluginMissing.
Result<const FoundPackage *> package_for(const InstanceFile &file, const std::vector<FoundPackage> &packages);

struct InstanceVerdict {
    FoundInstance found;
    Status status;
};
/// Every instance of `enabled`, in start order, with what would keep it from being loaded: its file, a name that is
/// taken, its package, its component, its configuration, and with `options.ask_instances` what that names. Without
/// `options.probe` or `options.cache_dir` configurations are not held against their schemas, and nobody is asked.
/// Reason "Unasked": an instance could not be asked, and may well work.
Result<std::vector<InstanceVerdict>> check_instances(const std::filesystem::path &enabled,
                                                     const std::vector<FoundPackage> &packages,
                                                     const CheckOptions &options);
/// The same for one.
Status check_instance(const InstanceFile &file, const std::vector<FoundPackage> &packages, const CheckOptions &options);

} // namespace rigger::host
