#include "host/instance_check.hpp"

#include "host/probe.hpp"
#include "host/schema.hpp"

#include <algorithm>
#include <map>

namespace rigger::host {

Result<const ProbedComponent *> find_component(const InstanceFile &file, const Manifest &manifest,
                                               const std::vector<ProbedComponent> &components) {
    if (file.component.empty() && components.size() == 1) return &components.front();
    if (file.component.empty()) {
        std::string names;
        for (const ProbedComponent &c : components) names.append(names.empty() ? "" : ", ").append(c.id);
        return refusal("ComponentUnclear", manifest,
                       file.file + " does not say which of its components is meant: " + names, "Add `component:`");
    }
    const auto at = std::find_if(components.begin(), components.end(),
                                 [&](const ProbedComponent &c) { return c.id == file.component; });
    if (at == components.end())
        return refusal("ComponentMissing", manifest, "it has no component '" + file.component + "'",
                       "Correct `component:` in " + file.file);
    return &*at;
}

Result<std::string> fit_config(const InstanceFile &file, const Manifest &manifest, const ProbedComponent &component) {
    const auto &granted = manifest.grants.secrets;
    for (const auto &[name, reference] : file.secrets)
        if (std::find(granted.begin(), granted.end(), name) == granted.end())
            return refusal("SecretNotGranted", manifest,
                           file.file + " gives it secret '" + name + "', which its manifest does not ask for",
                           "Remove it from `secrets:`");
    if (component.config_schema.empty()) return file.config;
    const auto schema = JsonSchema::parse(component.config_schema);
    if (!schema.ok())
        return refusal("SchemaInvalid", manifest, "component " + component.id + ": " + schema.error().message,
                       "Report it to its author");
    const auto locate = [&](const std::vector<std::string> &path) {
        return file.file + ":" + std::to_string(config_line(file, path)) + ": ";
    };
    auto config = schema->apply(file.config, "config", "ConfigInvalid", locate);
    if (!config.ok()) return refusal("ConfigInvalid", manifest, config.error().message, "");
    return config;
}

Result<const FoundPackage *> package_for(const InstanceFile &file, const std::vector<FoundPackage> &packages) {
    if (const FoundPackage *found = find_package(packages, file.plugin)) return found;
    for (const FoundPackage &other : packages)
        if (!other.manifest.ok() && other.directory.filename() == file.plugin)
            return refusal("PluginMissing", file.plugin, "", other.manifest.error().message,
                           "Correct the manifest, or install the plugin anew");
    return refusal(
        "PluginMissing", file.plugin, "", "it is not installed, and " + file.file + " names it",
        "Correct `plugin:`, or run: rigger plugins install; `rigger plugins list --all` lists what is there");
}

Status check_instance(const InstanceFile &file, const std::vector<FoundPackage> &packages,
                      const CheckOptions &options) {
    RIG_TRY_ASSIGN(const FoundPackage *package, package_for(file, packages));
    RIG_TRY_ASSIGN(const CheckedPackage checked, check_package(package->directory, options));
    if (checked.probe.components.empty()) return {};
    RIG_TRY_ASSIGN(const ProbedComponent *component, find_component(file, checked.manifest, checked.probe.components));
    RIG_TRY_ASSIGN(const std::string config, fit_config(file, checked.manifest, *component));
    if (!options.ask_instances) return {};
    return ask_instance(options.probe, checked.cached, component->id, config, options.probe_limit);
}

Result<std::vector<InstanceVerdict>> check_instances(const std::filesystem::path &enabled,
                                                     const std::vector<FoundPackage> &packages,
                                                     const CheckOptions &options) {
    RIG_TRY_ASSIGN(std::vector<FoundInstance> instances, find_instances(enabled));
    std::vector<InstanceVerdict> out;
    std::map<std::string, std::string> taken;
    for (FoundInstance &found : instances) {
        const auto judge = [&]() -> Status {
            if (!found.file.ok()) return found.file.error();
            if (const auto [at, fresh] = taken.emplace(found.file->name, found.path.string()); !fresh)
                return refusal("NameTaken", found.file->plugin, "",
                               "its instance name '" + found.file->name + "' is taken by " + at->second,
                               "Set another `name:` in " + found.file->file);
            return check_instance(*found.file, packages, options);
        };
        Status status = judge();
        out.push_back({std::move(found), std::move(status)});
    }
    return out;
}

} // namespace rigger::host
