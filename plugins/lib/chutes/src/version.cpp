#include <chutes/version.hpp>

#include <charconv>

namespace chutes {

Version Version::parse(std::string_view text) noexcept {
    int parts[3] = {};
    const char *at = text.data(), *const end = text.data() + text.size();
    for (int i = 0; i < 3; ++i) {
        if (i > 0) {
            if (at == end || *at != '.') return {};
            ++at;
        }
        if (at == end || *at < '0' || *at > '9') return {};
        const auto [next, error] = std::from_chars(at, end, parts[i]);
        if (error != std::errc()) return {};
        at = next;
    }
    return {parts[0], parts[1], parts[2]};
}

} // namespace chutes
