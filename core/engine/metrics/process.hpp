// core/engine/metrics/process.hpp -- what the kernel knows of this process, as process_* metrics.
#pragma once
#include <string>

namespace rigger::metrics {

/// Text format. What /proc does not tell is left out.
std::string process_exposition();

} // namespace rigger::metrics
