#include <times/rfc3339.hpp>

#include <array>
#include <cstdio>
#include <ctime>

namespace times {
namespace {

constexpr WallNs second = 1'000'000'000;

/// Exactly `digits` decimal digits at the front of `text`, which are consumed; -1: they are not there.
int take(std::string_view &text, size_t digits) {
    if (text.size() < digits) return -1;
    int value = 0;
    for (size_t i = 0; i < digits; ++i) {
        if (text[i] < '0' || text[i] > '9') return -1;
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(digits);
    return value;
}

bool skip(std::string_view &text, char c) {
    if (text.empty() || text[0] != c) return false;
    text.remove_prefix(1);
    return true;
}

/// ".678" as nanoseconds; digits beyond the ninth are dropped. -1: a point without digits.
WallNs fraction(std::string_view &text) {
    if (!skip(text, '.')) return 0;
    WallNs value = 0, scale = second;
    size_t digits = 0;
    for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1), ++digits)
        if (scale > 1) value = value * 10 + (text[0] - '0'), scale /= 10;
    return digits == 0 ? -1 : value * scale;
}

} // namespace

std::string to_rfc3339(WallNs at) {
    const WallNs whole = at >= 0 ? at / second : -((-at + second - 1) / second);
    const auto milli = static_cast<int>((at - whole * second) / 1'000'000);
    const std::time_t t = static_cast<std::time_t>(whole);
    std::tm parts{};
    gmtime_r(&t, &parts);
    std::array<char, 48> buffer{};
    const size_t n = std::strftime(buffer.data(), buffer.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    if (milli > 0) std::snprintf(buffer.data() + n, buffer.size() - n, ".%03dZ", milli);
    else std::snprintf(buffer.data() + n, buffer.size() - n, "Z");
    return buffer.data();
}

std::optional<WallNs> parse_rfc3339(std::string_view text) {
    const int year = take(text, 4);
    if (year < 1970 || !skip(text, '-')) return std::nullopt;
    const int month = take(text, 2);
    if (month < 1 || month > 12 || !skip(text, '-')) return std::nullopt;
    const int day = take(text, 2);
    if (day < 1 || day > 31 || (!skip(text, 'T') && !skip(text, 't'))) return std::nullopt;
    const int hour = take(text, 2);
    if (hour < 0 || hour > 23 || !skip(text, ':')) return std::nullopt;
    const int minute = take(text, 2);
    if (minute < 0 || minute > 59 || !skip(text, ':')) return std::nullopt;
    const int seconds = take(text, 2);
    const WallNs rest = fraction(text);
    if (seconds < 0 || seconds > 60 || rest < 0 || (text != "Z" && text != "z" && text != "+00:00"))
        return std::nullopt;
    std::tm parts{};
    parts.tm_year = year - 1900, parts.tm_mon = month - 1, parts.tm_mday = day, parts.tm_hour = hour,
    parts.tm_min = minute, parts.tm_sec = seconds;
    if (year > 2200) return std::nullopt; // beyond what nanoseconds since 1970 can hold
    return static_cast<WallNs>(timegm(&parts)) * second + rest;
}

} // namespace times
