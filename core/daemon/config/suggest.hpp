// core/daemon/config/suggest.hpp -- "did you mean ...?"
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace rigger::config {

/// The candidate that is nearest by edit distance, if it is near enough to be meant; else "".
std::string nearest(std::string_view word, const std::vector<std::string> &candidates);

/// What to say of an unknown key `name` in `section` ("" for the top): "; did you mean 'port'?", or where such a key
/// does exist.
std::string suggest_key(std::string_view section, std::string_view name);

} // namespace rigger::config
