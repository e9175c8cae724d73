// engine/http_server/uri.hpp -- the request target, taken apart strictly.
#pragma once
#include "base/status.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rigger::http_server {

struct Target {
    std::vector<std::string> segments;                      ///< percent-decoded; "/v1/a%2Fb" is {"v1", "a/b"}
    std::vector<std::pair<std::string, std::string>> query; ///< decoded, in order
};

/// Errors: invalid, reason "MalformedUri": no leading '/', a bad percent escape, a control character, not UTF-8. Any
/// thread.
Result<Target> parse_target(std::string_view target);

/// Well-formed UTF-8 without control characters.
bool is_clean_text(std::string_view text) noexcept;

} // namespace rigger::http_server
