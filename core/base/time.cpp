#include "base/time.hpp"

#include <cstdio>

namespace rigger {
namespace {
bool digits(std::string_view s, size_t at, size_t n, int &out) {
    if (at + n > s.size()) return false;
    out = 0;
    for (size_t i = at; i < at + n; ++i) {
        if (s[i] < '0' || s[i] > '9') return false;
        out = out * 10 + (s[i] - '0');
    }
    return true;
}
} // namespace

std::string to_rfc3339(WallTime t) {
    using namespace std::chrono;
    const sys_time<nanoseconds> tp{nanoseconds(t.ns)};
    const auto day = floor<days>(tp);
    const year_month_day date{day};
    const hh_mm_ss clock{floor<microseconds>(tp - day)};
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
    return buffer;
}

std::optional<WallTime> parse_rfc3339(std::string_view s) {
    using namespace std::chrono;
    int y, mo, d, h, mi, sec;
    if (!digits(s, 0, 4, y) || !digits(s, 5, 2, mo) || !digits(s, 8, 2, d) || !digits(s, 11, 2, h) ||
        !digits(s, 14, 2, mi) || !digits(s, 17, 2, sec))
        return std::nullopt;
    if (s[4] != '-' || s[7] != '-' || (s[10] != 'T' && s[10] != 't' && s[10] != ' ') || s[13] != ':' || s[16] != ':')
        return std::nullopt;
    const year_month_day date{year{y}, month{static_cast<unsigned>(mo)}, day{static_cast<unsigned>(d)}};
    if (!date.ok() || h > 23 || mi > 59 || sec > 60) return std::nullopt;
    size_t at = 19;
    int64_t fraction = 0;
    if (at < s.size() && s[at] == '.') {
        int64_t scale = 100'000'000;
        const size_t first = ++at;
        for (; at < s.size() && s[at] >= '0' && s[at] <= '9'; ++at, scale /= 10) fraction += (s[at] - '0') * scale;
        if (at == first) return std::nullopt;
    }
    int64_t offset_s = 0;
    if (at < s.size()) {
        if (s[at] == 'Z' || s[at] == 'z') {
            ++at;
        } else if (s[at] == '+' || s[at] == '-') {
            int oh, om;
            if (!digits(s, at + 1, 2, oh)) return std::nullopt;
            const size_t minutes_at = at + 3 + (at + 3 < s.size() && s[at + 3] == ':' ? 1 : 0);
            if (!digits(s, minutes_at, 2, om)) return std::nullopt;
            offset_s = (oh * 3600 + om * 60) * (s[at] == '-' ? -1 : 1);
            at = minutes_at + 2;
        }
        if (at != s.size()) return std::nullopt;
    }
    const auto seconds =
        sys_days(date).time_since_epoch().count() * int64_t{86400} + h * 3600 + mi * 60 + sec - offset_s;
    if (seconds > 9'000'000'000 || seconds < -9'000'000'000) return std::nullopt;
    return WallTime{seconds * 1'000'000'000 + fraction};
}

} // namespace rigger
