// Configuration of the profit scorer.
#pragma once
#include <rigger/sdk/status.hpp>

#include <string_view>

namespace profit {

enum class Mode {
    usage,          ///< what the market paid for this offer in the last hour, shared with one more instance, per dollar
    multiplier,     ///< the offer's compute multiplier per dollar
    raw_multiplier, ///< the multiplier alone: the dearest offer first, whatever the server costs
};

struct Config {
    Mode mode = Mode::usage;
    double private_factor = 16; ///< how many times over the validator counts a second of a private instance
    double cost_floor = 0.001;  ///< USD per GPU-hour: a server that costs nothing is still finite
};

extern const char *const config_schema;

/// INVALID names the key.
rig::Result<Config> parse_config(std::string_view json);

} // namespace profit
