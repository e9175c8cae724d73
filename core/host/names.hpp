// core/host/names.hpp -- the shapes of ids, versions and names that appear in files and in plugins. Pure, any thread.
#pragma once
#include <string_view>

namespace rigger::host {

bool is_plugin_id(std::string_view s) noexcept;     ///< reverse DNS: two or more labels of a-z, 0-9, '-'; at most 128
bool is_version(std::string_view s) noexcept;       ///< semantic version MAJOR.MINOR.PATCH[-pre][+build]; at most 64
bool is_instance_name(std::string_view s) noexcept; ///< a-z, 0-9, '-', '_'; begins with a letter or digit; at most 64
bool is_file_name(
    std::string_view s) noexcept; ///< one path component, no '/', not "." or "..", no control characters; at most 128
bool is_host_pattern(std::string_view s) noexcept; ///< "example.com", "*.example.com", "10.0.0.1", "localhost",
                                                   ///< "[::1]", optionally ":port"; "*"
bool is_digest(std::string_view s) noexcept;       ///< 64 lower-case hex digits

/// Does `host` (with or without port) fall under the pattern? Case-insensitive.
bool matches_host_pattern(std::string_view pattern, std::string_view host, int port) noexcept;

} // namespace rigger::host
