// core/domain/ports/secrets.hpp -- where secret values come from.
#pragma once
#include "base/status.hpp"

#include <string>
#include <string_view>

namespace rigger {

/// Thread-safe. Never logs and never puts a value into an error's text.
class SecretProvider {
public:
    virtual ~SecretProvider() = default;
    /// `reference` is what the operator wrote: "${file:/path}", "${env:NAME}" or text that holds such parts.
    virtual Result<std::string> resolve(std::string_view reference) = 0;
};

} // namespace rigger
