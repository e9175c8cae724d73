#include "host/names.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace rigger::host {
namespace {
bool lower(char c) { return c >= 'a' && c <= 'z'; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool alnum(char c) { return lower(c) || digit(c) || (c >= 'A' && c <= 'Z'); }

bool label(std::string_view s) {
    return !s.empty() && s.size() <= 63 && s.front() != '-' && s.back() != '-' &&
           std::all_of(s.begin(), s.end(), [](char c) { return lower(c) || digit(c) || c == '-'; });
}

bool numeric(std::string_view s) {
    return !s.empty() && s.size() <= 9 && std::all_of(s.begin(), s.end(), digit) && (s.size() == 1 || s.front() != '0');
}

/// Splits "host:port"; port -1: none given, -2: not a port.
std::pair<std::string_view, int> split_port(std::string_view s) {
    const size_t colon = s.rfind(':');
    if (colon == std::string_view::npos || (s.front() == '[' && s.back() == ']')) return {s, -1};
    int port = 0;
    const auto [end, ec] = std::from_chars(s.data() + colon + 1, s.data() + s.size(), port);
    if (ec != std::errc() || end != s.data() + s.size() || port < 1 || port > 65535) return {s, -2};
    return {s.substr(0, colon), port};
}

std::string lowered(std::string_view s) {
    std::string out(s);
    for (char &c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}
} // namespace

bool is_plugin_id(std::string_view s) noexcept {
    if (s.empty() || s.size() > 128) return false;
    size_t labels = 0;
    for (size_t at = 0; at <= s.size();) {
        const size_t dot = std::min(s.find('.', at), s.size());
        if (!label(s.substr(at, dot - at))) return false;
        ++labels;
        at = dot + 1;
    }
    return labels >= 2;
}

bool is_version(std::string_view s) noexcept {
    if (s.size() > 64) return false;
    const std::string_view core = s.substr(0, s.find_first_of("-+"));
    const size_t a = core.find('.'), b = core.find('.', a == std::string_view::npos ? a : a + 1);
    if (b == std::string_view::npos) return false;
    if (!numeric(core.substr(0, a)) || !numeric(core.substr(a + 1, b - a - 1)) || !numeric(core.substr(b + 1)))
        return false;
    const std::string_view rest = s.substr(core.size());
    return rest.size() != 1 &&
           std::all_of(rest.begin(), rest.end(), [](char c) { return alnum(c) || c == '.' || c == '-' || c == '+'; });
}

bool is_instance_name(std::string_view s) noexcept {
    return !s.empty() && s.size() <= 64 && (lower(s.front()) || digit(s.front())) &&
           std::all_of(s.begin(), s.end(), [](char c) { return lower(c) || digit(c) || c == '-' || c == '_'; });
}

bool is_file_name(std::string_view s) noexcept {
    return !s.empty() && s.size() <= 128 && s != "." && s != ".." && s.find('/') == std::string_view::npos &&
           std::none_of(s.begin(), s.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool is_host_pattern(std::string_view s) noexcept {
    if (s == "*") return true;
    if (s.empty() || s.size() > 255) return false;
    auto [host, port] = split_port(s);
    if (port == -2 || host.empty()) return false;
    if (host.front() == '[')
        return host.size() > 2 && host.back() == ']' &&
               host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
    if (host.starts_with("*.")) host.remove_prefix(2);
    for (size_t at = 0; at <= host.size();) {
        const size_t dot = std::min(host.find('.', at), host.size());
        if (!label(lowered(host.substr(at, dot - at)))) return false;
        at = dot + 1;
    }
    return true;
}

bool is_digest(std::string_view s) noexcept {
    return s.size() == 64 && std::all_of(s.begin(), s.end(), [](char c) { return digit(c) || (c >= 'a' && c <= 'f'); });
}

bool matches_host_pattern(std::string_view pattern, std::string_view host, int port) noexcept {
    if (pattern == "*") return true;
    const auto [name, wanted_port] = split_port(pattern);
    if (wanted_port == -2 || (wanted_port > 0 && wanted_port != port)) return false;
    const std::string p = lowered(name), h = lowered(host);
    if (!p.starts_with("*.")) return p == h;
    return h.size() > p.size() - 1 && h.ends_with(std::string_view(p).substr(1));
}

} // namespace rigger::host
