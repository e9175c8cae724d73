#include "api/quantity.hpp"

#include <nlohmann/json.hpp>

#include <charconv>
#include <cmath>

namespace cluster_local {
namespace {
std::optional<long double> suffix_factor(std::string_view s) {
    struct Entry {
        std::string_view suffix;
        long double factor;
    };
    static constexpr Entry kTable[] = {{"", 1.0L},      {"n", 1e-9L},    {"u", 1e-6L},    {"m", 1e-3L},
                                       {"k", 1e3L},     {"M", 1e6L},     {"G", 1e9L},     {"T", 1e12L},
                                       {"P", 1e15L},    {"E", 1e18L},    {"Ki", 0x1p10L}, {"Mi", 0x1p20L},
                                       {"Gi", 0x1p30L}, {"Ti", 0x1p40L}, {"Pi", 0x1p50L}, {"Ei", 0x1p60L}};
    for (const Entry &entry : kTable)
        if (entry.suffix == s) return entry.factor;
    if (s.size() >= 2 && (s[0] == 'e' || s[0] == 'E')) {
        int exponent = 0;
        const char *first = s.data() + (s[1] == '+' ? 2 : 1);
        const auto [end, error] = std::from_chars(first, s.data() + s.size(), exponent);
        if (error == std::errc() && end == s.data() + s.size() && exponent >= -18 && exponent <= 18)
            return std::pow(10.0L, exponent);
    }
    return std::nullopt;
}
} // namespace

Resources &Resources::operator+=(const Resources &o) noexcept {
    cpu_milli += o.cpu_milli, memory += o.memory, storage += o.storage, gpus += o.gpus;
    return *this;
}
Resources &Resources::operator-=(const Resources &o) noexcept {
    cpu_milli -= o.cpu_milli, memory -= o.memory, storage -= o.storage, gpus -= o.gpus;
    return *this;
}

std::optional<int64_t> parse_quantity(std::string_view text, int64_t scale) {
    long double value = 0, place = 1;
    size_t i = text.starts_with('+') ? 1 : 0;
    bool fraction = false, digit = false;
    for (; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '.' && !fraction) {
            fraction = true;
        } else if (c >= '0' && c <= '9') {
            digit = true;
            value = value * 10 + (c - '0');
            if (fraction) place *= 10;
        } else {
            break;
        }
    }
    if (!digit || text.size() > 64) return std::nullopt;
    const auto factor = suffix_factor(text.substr(i));
    if (!factor) return std::nullopt;
    const long double scaled = std::ceil(value / place * *factor * static_cast<long double>(scale) - 1e-6L);
    constexpr long double kTop = 4e18L; // leaves room for sums
    return scaled >= kTop ? static_cast<int64_t>(kTop) : static_cast<int64_t>(scaled);
}

std::optional<int64_t> parse_quantity(const Json &value, int64_t scale) {
    if (const auto *text = value.get_ptr<const std::string *>()) return parse_quantity(std::string_view(*text), scale);
    if (value.is_number()) return parse_quantity(std::string_view(value.dump()), scale);
    return std::nullopt;
}

Resources resources_of(const Json &object) {
    const auto read = [&](const char *key, int64_t scale) -> int64_t {
        if (!object.is_object()) return 0;
        const auto it = object.find(key);
        return it == object.end() ? 0 : parse_quantity(*it, scale).value_or(0);
    };
    // Capped far above any machine, so that sums over thousands of absurd requests cannot overflow.
    const auto capped = [](int64_t v) { return std::min<int64_t>(v, int64_t{1} << 50); };
    return {capped(read("cpu", 1000)), capped(read("memory", 1)), capped(read("ephemeral-storage", 1)),
            capped(read("nvidia.com/gpu", 1))};
}

std::string to_index(const Resources &r) {
    return std::to_string(r.cpu_milli) + ' ' + std::to_string(r.memory) + ' ' + std::to_string(r.storage) + ' ' +
           std::to_string(r.gpus);
}
Resources from_index(std::string_view text) {
    Resources r;
    for (int64_t *member : {&r.cpu_milli, &r.memory, &r.storage, &r.gpus}) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *member);
        if (error != std::errc()) break;
        text.remove_prefix(std::min(text.size(), static_cast<size_t>(end - text.data()) + 1));
    }
    return r;
}

} // namespace cluster_local
