#include "api/time.hpp"

#include <chrono>
#include <cstdio>

namespace cluster_local {

std::string rfc3339(int64_t wall_ns) {
    using namespace std::chrono;
    const auto seconds_since = floor<seconds>(sys_time<nanoseconds>{nanoseconds(wall_ns)});
    const auto day = floor<days>(seconds_since);
    const year_month_day date{day};
    const hh_mm_ss time{seconds_since - day};
    char buffer[48];
    std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                  static_cast<int>(time.seconds().count()));
    return buffer;
}

std::optional<int64_t> parse_rfc3339(std::string_view s) {
    using namespace std::chrono;
    constexpr std::string_view kForm = "0000-00-00T00:00:00";
    if (s.size() < kForm.size() + 1 || s.back() != 'Z') return std::nullopt;
    for (size_t i = 0; i < kForm.size(); ++i) {
        const bool digit = s[i] >= '0' && s[i] <= '9';
        if (kForm[i] == '0' ? !digit : s[i] != kForm[i]) return std::nullopt;
    }
    const auto number = [&](size_t at, size_t n) {
        int value = 0;
        for (size_t i = at; i < at + n; ++i) value = value * 10 + (s[i] - '0');
        return value;
    };
    const year_month_day date{year{number(0, 4)}, month{static_cast<unsigned>(number(5, 2))},
                              day{static_cast<unsigned>(number(8, 2))}};
    if (!date.ok() || number(11, 2) > 23 || number(14, 2) > 59 || number(17, 2) > 60) return std::nullopt;
    const auto at = sys_days{date} + hours{number(11, 2)} + minutes{number(14, 2)} + seconds{number(17, 2)};
    return duration_cast<nanoseconds>(at.time_since_epoch()).count();
}

} // namespace cluster_local
