// core/engine/metrics/text.hpp -- the pieces of the Prometheus text format 0.0.4.
#pragma once
#include "domain/ports/metrics.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace rigger::metrics {

bool valid_metric_name(std::string_view name) noexcept;
/// Sorted by name, escaped, joined: `a="1",b="2"`. nullopt: a name is invalid, reserved or there twice, or a value is
/// longer than 1024 bytes.
std::optional<std::string> label_text(const Labels &labels);
std::string escape_help(std::string_view help);
std::string number(double value); ///< shortest text that reads back as the same number; "NaN", "+Inf", "-Inf"

} // namespace rigger::metrics
