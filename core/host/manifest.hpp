// core/host/manifest.hpp -- plugin.yaml, what an author says of his plugin. Reading it runs no code of the plugin.
//
// Pure parsing, any thread. Every key is known: an unknown key, a wrong type or an impossible value is refused with
// "<file>:<line>: <what>. <what to do>". Limits: 64 KiB, 16 levels, no anchors and no aliases.
#pragma once
#include "base/status.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace rigger::host {

struct LibraryFile {
    std::string arch;    ///< "x86_64", "aarch64"
    std::string file;    ///< relative to the manifest, without directories
    std::string blake2b; ///< 64 lower-case hex digits (BLAKE2b-256); empty: the author gave none
};

struct ComponentRef {
    std::string id, kind; ///< "com.example.packing", "rig.placement-scorer/1"
};

/// What the code asks for. `enable` shows it and the operator confirms.
struct Grants {
    std::vector<std::string> services; ///< "rig.log/1", ...; known ids only
    std::vector<std::string> http;     ///< host patterns: "api.example.com", "*.example.com", optionally ":port"
    std::vector<std::string> secrets;  ///< names that rig.config/1 secret() may be asked for
    bool veto = false;
};

enum class Isolation : uint8_t { in_process, process };

struct Manifest {
    std::string file; ///< where it was read from, for messages
    std::string id, version, title, license;
    std::string vendor_name, vendor_url, vendor_contact;
    uint32_t abi_major = 1, abi_min = 0, abi_target = 0;
    std::vector<LibraryFile> libraries;   ///< empty: one file "<id>.so" for the machine at hand
    std::vector<std::string> needed;      ///< shared libraries beyond the C and C++ runtimes that the file may link
    std::vector<ComponentRef> components; ///< at least one, at most 64
    Grants grants;
    Isolation isolation = Isolation::in_process;
    std::vector<std::string> requires_plugins, conflicts; ///< "com.example.base >=1.2 <2"
    std::vector<std::string> after; ///< plugin ids or instance names that start first, if they are enabled
    std::vector<std::string> drafts;
    uint64_t state_schema = 0;
    std::vector<uint64_t> state_reads;

    /// The library for this machine; nullptr: none is offered.
    const LibraryFile *library_for(std::string_view arch) const noexcept;
    const ComponentRef *component(std::string_view component_id) const noexcept;
};

/// The kinds and services this host knows ("rig.validator-source/1", "rig.log/1", ...), sorted.
const std::vector<std::string_view> &known_kinds();
const std::vector<std::string_view> &known_services();

/// The machine this host runs on, in the manifest's spelling.
std::string_view host_arch() noexcept;

/// `file` is used in messages only. Errors: invalid; reason "ManifestSyntax", "ManifestUnknownKey", "ManifestType",
/// "ManifestValue", "ManifestLimit" or "ManifestVersion".
Result<Manifest> parse_manifest(std::string_view text, std::string_view file);
/// Errors also: not_found, unavailable (cannot be read).
Result<Manifest> read_manifest(const std::filesystem::path &file);

/// A refusal in its one form: "<id> <version>: refused: <why>. <what to do>."
Error refusal(std::string reason, std::string_view id, std::string_view version, std::string_view why,
              std::string_view remedy);
inline Error refusal(std::string reason, const Manifest &m, std::string_view why, std::string_view remedy) {
    return refusal(std::move(reason), m.id, m.version, why, remedy);
}

} // namespace rigger::host
