// api/names.hpp -- which names, label keys and label values Kubernetes accepts.
#pragma once
#include "api/errors.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string_view>

namespace cluster_local {

using Json = nlohmann::json;

bool is_dns1123_label(std::string_view) noexcept;
bool is_dns1123_subdomain(std::string_view) noexcept;
bool is_dns1035_label(std::string_view) noexcept;
bool is_label_key(std::string_view) noexcept;
bool is_label_value(std::string_view) noexcept;

/// Labels of `holder` ({"labels":{...}}): types and syntax.
void check_labels(const Json &holder, const std::string &path, Problems &);
/// labels, annotations, ownerReferences, finalizers of a metadata object.
void check_metadata(const Json &metadata, Problems &);

} // namespace cluster_local
