#include "host/loader.hpp"

#include "host/guard/process_state.hpp"

#include <cstring>

namespace rigger::host {

const rig_component *LoadedPlugin::component(std::string_view id) const noexcept {
    for (size_t i = 0; code->components[i]; ++i)
        if (id == code->components[i]->id) return code->components[i];
    return nullptr;
}

Result<std::shared_ptr<LoadedPlugin>> Loader::load(const std::filesystem::path &directory) {
    RIG_TRY_ASSIGN(CheckedPackage package, check_package(directory, options_));
    const std::lock_guard lock(mutex_);
    if (const auto at = loaded_.find(package.digest); at != loaded_.end()) {
        RIG_TRY(compare_with_manifest(at->second->facts, package.manifest));
        return at->second;
    }
    const auto refused = [&](const Error &e) {
        return refusal(e.reason, package.manifest, e.message,
                       "Report it to its author and install a version that works");
    };
    const ProcessState before;
    const auto code = open_library(package.cached);
    const std::string changed = before.restore();
    if (!code.ok()) return refused(code.error());
    auto facts = read_descriptor(**code);
    if (!facts.ok()) return refused(facts.error());
    RIG_TRY(compare_with_manifest(*facts, package.manifest));
    auto plugin = std::make_shared<LoadedPlugin>();
    plugin->facts = *std::move(facts);
    plugin->code = *code;
    plugin->changed = changed;
    const std::string digest = package.digest;
    plugin->package = std::move(package);
    loaded_.emplace(digest, plugin);
    return plugin;
}

} // namespace rigger::host
