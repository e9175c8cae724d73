// core/cli/render/yaml.hpp -- a JSON value as YAML that reads back as the same value.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include <string>

namespace rigger::cli {

std::string to_yaml(const nlohmann::ordered_json &value);

} // namespace rigger::cli
