// core/host/descriptor.hpp -- is this rig_plugin one that we can use? Shared by the loader and by rigger-plugin-probe.
#pragma once
#include "base/status.hpp"
#include "host/package.hpp"

#include <rigger/abi/plugin.h>

namespace rigger::host {

/// Step 8 of plugin-abi 3.9 without the manifest: magic, major, sizes, abi_min, id, version, a NULL-ended list of 1..64
/// components with known kinds. Reads every string once, so that a bad pointer shows here (in the probe's child first).
/// Any thread.
Result<ProbeFacts> read_descriptor(const rig_plugin &plugin);

/// Does the descriptor say what the manifest says? id, version, ABI range, components and kinds, needs within grants. A
/// refusal if not.
Status compare_with_manifest(const ProbeFacts &facts, const Manifest &manifest);

/// JSON text of the facts, and back; what the probe prints and the cache keeps.
std::string to_json(const ProbeFacts &facts);
Result<ProbeFacts> parse_probe_facts(std::string_view text);

/// dlopen(RTLD_NOW | RTLD_LOCAL) through Boost.DLL, dlsym, and dladdr: the symbol must come from this very file. Never
/// unloaded. Runs the library's constructors. Errors: "LoadFailed", "SymbolMissing", "SymbolForeign".
Result<const rig_plugin *> open_library(const std::filesystem::path &file);

} // namespace rigger::host
