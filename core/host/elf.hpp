// core/host/elf.hpp -- what a shared library says of itself, read from its bytes. No code of it runs.
//
// Robust to any input: every offset is checked. Any thread.
#pragma once
#include "base/status.hpp"

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace rigger::host {

struct ElfFacts {
    std::string arch;                 ///< "x86_64", "aarch64", or "machine-<n>"
    std::vector<std::string> exports; ///< defined, global or weak dynamic symbols
    std::vector<std::string> needed;  ///< DT_NEEDED
    std::string soname, build_id;
    bool has_note = false;
    std::string note_id, note_version; ///< of .note.rig.plugin
    bool text_relocations = false, executable_stack = false, static_tls = false;
};

/// Errors: invalid; reason "NotElf", "NotSharedObject", "ElfCorrupt" or "ElfUnsupported" (32 bit, big-endian).
Result<ElfFacts> read_elf(std::span<const std::byte> image);
/// At most 512 MiB.
Result<ElfFacts> read_elf(const std::filesystem::path &file);

} // namespace rigger::host
