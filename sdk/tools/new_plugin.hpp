// sdk/tools/new_plugin.hpp -- writes a new plugin project from the SDK's templates. Behind `rigger plugins new`.
#pragma once
#include "base/status.hpp"

#include <filesystem>
#include <string_view>
#include <vector>

namespace rigger::sdk {

/// The kinds that have a template: "placement-scorer", "reconciler", "validator-source", "cluster-backend",
/// "command-frontend".
const std::vector<std::string_view> &template_kinds();

/// Writes the project for `kind` ("placement-scorer" or "rig.placement-scorer/1") and the reverse DNS `id`
/// ("com.example.mine") into `target`, which must not exist or be an empty folder. `templates` is the folder that holds
/// common/ and one folder per kind
/// (<prefix>/share/rigger/sdk/template). Answers the files written, relative to `target`, sorted. Runs nothing.
/// Errors: invalid (UnknownKind, BadPluginId), conflict (TargetExists), not_found (TemplateMissing), unavailable
/// (CannotWrite).
Result<std::vector<std::filesystem::path>> write_template(const std::filesystem::path &templates, std::string_view kind,
                                                          std::string_view id, const std::filesystem::path &target);

} // namespace rigger::sdk
