// api/labels.hpp -- labels in the compact form in which every record keeps them in memory: "key\0value\0..." sorted by
// key.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cluster_local {

using Json = nlohmann::json;

std::string pack_labels(const Json *labels); ///< nullptr and non-objects: ""; values that are no strings are left out
std::optional<std::string_view> label(std::string_view packed, std::string_view key);

std::string pack_values(const std::vector<std::string> &values);  ///< "a\0b\0"
std::string_view value_at(std::string_view packed, size_t index); ///< "" past the end

} // namespace cluster_local
