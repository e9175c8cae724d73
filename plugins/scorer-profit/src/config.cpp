#include "config.hpp"

#include <nlohmann/json.hpp>

namespace profit {

const char *const config_schema = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "mode": {"type": "string", "enum": ["usage", "multiplier", "raw-multiplier"], "default": "usage",
             "description": "usage: share of last hour's pay per dollar; multiplier: compute multiplier per dollar; raw-multiplier: compute multiplier"},
    "privateFactor": {"type": "number", "exclusiveMinimum": 0, "maximum": 1000, "default": 16,
                      "description": "how many times over the validator counts a second of a private instance"},
    "costFloor": {"type": "number", "exclusiveMinimum": 0, "maximum": 1000, "default": 0.001,
                  "description": "lowest hourly cost per GPU (USD) that is reckoned with"}
  }
})";

namespace {
rig::Error wrong(const char *key, const char *expected) {
    return {RIG_E_INVALID, "ConfigValue", std::string("scorer-profit: config.") + key + " must be " + expected, 0};
}

rig::Status read_positive(const nlohmann::json &object, const char *key, double &into) {
    const auto at = object.find(key);
    if (at == object.end()) return {};
    if (!at->is_number() || !(at->get<double>() > 0) || at->get<double>() > 1000)
        return wrong(key, "a number above 0, at most 1000");
    into = at->get<double>();
    return {};
}
} // namespace

rig::Result<Config> parse_config(std::string_view text) {
    const auto object = text.empty() ? nlohmann::json::object() : nlohmann::json::parse(text, nullptr, false);
    if (!object.is_object())
        return rig::Error{RIG_E_INVALID, "ConfigValue", "scorer-profit: config must be an object", 0};
    Config config;
    if (const auto at = object.find("mode"); at != object.end()) {
        if (*at == "usage") config.mode = Mode::usage;
        else if (*at == "multiplier") config.mode = Mode::multiplier;
        else if (*at == "raw-multiplier") config.mode = Mode::raw_multiplier;
        else return wrong("mode", "usage, multiplier or raw-multiplier");
    }
    if (auto status = read_positive(object, "privateFactor", config.private_factor); !status.ok())
        return status.error();
    if (auto status = read_positive(object, "costFloor", config.cost_floor); !status.ok()) return status.error();
    return config;
}

} // namespace profit
