// blake2b.hpp -- BLAKE2b-256 (RFC 7693, no key), the digest that manifests hold.
#pragma once
#include <string>
#include <string_view>

namespace check {

/// 64 lower-case hex digits; equal to `b2sum -l 256`.
std::string blake2b_256(std::string_view bytes);

} // namespace check
