// core/daemon/config/keys.hpp -- the declarative table of all configuration keys.
#pragma once
#include "daemon/config/values.hpp"

#include <span>
#include <string>
#include <string_view>

namespace rigger::config {

/// sun_path without its NUL and without the suffix under which the socket is made.
inline constexpr size_t longest_socket_path = 103;

enum class Effect : uint8_t { reload, restart };

struct Key {
    std::string_view path; ///< "http.tcp.port"; "[]" stands for every record of a list: "http.tcp.tokens[].name"
    Rule rule;
    Effect effect;
    std::string_view help; ///< one or more sentences
    Slot (*slot)(Config &, size_t record);
};

struct Section {
    std::string_view path, help;
};

/// In the order of the documentation: the keys of one section stand together.
std::span<const Key> keys();
std::span<const Section> sections();

const Key *find_key(std::string_view path);
bool is_section(std::string_view path);
/// "http.tcp.port" -> "RIGGER_HTTP_TCP_PORT"; empty for lists of records and what is in them.
std::string environment_name(const Key &key);
/// The last part: "port".
std::string_view leaf(std::string_view path);

} // namespace rigger::config
