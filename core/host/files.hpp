// core/host/files.hpp -- file operations with the care that plugin files need. Blocking; any thread.
#pragma once
#include "base/status.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace rigger::host {

/// A regular file of at most `max_bytes`. Errors: not_found; unavailable; invalid (not a regular file, too large).
Result<std::string> read_text_file(const std::filesystem::path &file, size_t max_bytes);

/// Written beside it, flushed, renamed over it: readers see the old or the new bytes.
Status replace_file(const std::filesystem::path &file, std::string_view bytes, unsigned mode);

/// The file and every directory above it belong to root or to us and nobody else may write there; a sticky directory
/// such as /tmp passes. Errors: denied; reason "UntrustedFile" or "UntrustedDirectory"; the message names the path and
/// the command that mends it.
Status check_trusted(const std::filesystem::path &file);

/// Makes the directory 0700 if it is missing; refuses one that others may write. Errors: denied, unavailable.
Status make_private_directory(const std::filesystem::path &directory);

/// Copies `from` (opened with O_NOFOLLOW) to <directory>/<BLAKE2b-256>.so (0444) while hashing; a copy that is already
/// there is kept after comparing its size and hash. The answer is the digest in hex. At most 512 MiB. Errors: denied (a
/// link, not a regular file), unavailable (I/O), exhausted (disk full), invalid (too large).
Result<std::string> copy_hashed(const std::filesystem::path &from, const std::filesystem::path &directory);

/// BLAKE2b-256 of a file, hex.
Result<std::string> hash_file(const std::filesystem::path &file);

} // namespace rigger::host
