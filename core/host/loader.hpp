// core/host/loader.hpp -- the nine steps from a directory to code that may be called (plugin-abi 3.9). Nothing is ever
// unloaded.
#pragma once
#include "host/descriptor.hpp"
#include "host/package.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace rigger::host {

struct HostHandle;

/// One library in this process. Shared by its instances.
struct LoadedPlugin {
    CheckedPackage package;
    ProbeFacts facts;
    const rig_plugin *code = nullptr;
    std::string changed; ///< what its static constructors changed of the process; until somebody was blamed for it

    std::shared_ptr<HostHandle> handle; ///< for init(); lives as long as the process uses the library
    std::atomic<bool> initialised{false};
    std::atomic<int> alive{0};        ///< created and not yet destroyed instances
    std::atomic<bool> closing{false}; ///< the registry stops: the last destroy() is followed by fini()

    const rig_component *component(std::string_view id) const noexcept;
};

class Loader {
public:
    explicit Loader(CheckOptions options) : options_(std::move(options)) {}
    /// Checks and loads; the same bytes are loaded once. Blocks on files and on the probe; the library's constructors
    /// run here. Errors: refusals in their one form.
    Result<std::shared_ptr<LoadedPlugin>> load(const std::filesystem::path &directory);

private:
    CheckOptions options_;
    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<LoadedPlugin>> loaded_; ///< by digest
};

} // namespace rigger::host
