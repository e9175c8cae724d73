// core/engine/secrets/secrets.hpp -- where secret texts come from: files and environment variables.
#pragma once
#include "base/secret.hpp"
#include "base/status.hpp"
#include "domain/ports/secrets.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace rigger {

/// Looks an environment variable up; nullopt: not set.
using EnvLookup = std::function<std::optional<std::string>(std::string_view name)>;
/// getenv of this process.
EnvLookup process_environment();

/// "${file:/path}" and "${env:NAME}", as the whole text.
bool is_reference(std::string_view text) noexcept;

/// Resolves a reference; any other text stands for itself. A file must be a regular file of at most 64 KiB that others
/// than owner and group cannot read; one trailing line end is removed. No error text holds a value.
/// Errors: invalid (malformed reference, too large, empty, NUL byte), not_found (no such file or variable), denied
/// (permissions).
Result<Secret> resolve_secret(std::string_view text, const EnvLookup &env);

/// Resolves references anywhere in a text, under the same rules; each begins with "${" and ends at the next "}".
std::unique_ptr<SecretProvider> make_secret_provider(EnvLookup env = process_environment());

} // namespace rigger
