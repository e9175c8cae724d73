// core/cli/replay/figures.hpp -- numbers as a report shows them.
#pragma once
#include <cstdio>
#include <string>

namespace rigger::cli::replay {

inline std::string fixed(double value, int decimals) {
    char text[48];
    std::snprintf(text, sizeof text, "%.*f", decimals, value);
    return text;
}

} // namespace rigger::cli::replay
