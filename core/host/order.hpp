// core/host/order.hpp -- in which order instances start, and who stands in whose way. Pure.
#pragma once
#include "base/status.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace rigger::host {

struct StartNode {
    std::string name, plugin, version;
    std::vector<std::string> after; ///< plugin ids or instance names; those that are not enabled do not matter
    std::vector<std::string> requires_plugins; ///< "com.example.base >=1.2 <2"
    std::vector<std::string> conflicts;        ///< the same form; a bare id: any version
};

struct StartPlan {
    std::vector<size_t> order;                     ///< indices of nodes, dependencies first, otherwise as given
    std::vector<std::pair<size_t, Error>> refused; ///< cycles, missing requirements, conflicts
};

StartPlan plan_start(const std::vector<StartNode> &nodes);

/// ">=1.2 <2" holds for the version; an empty text for all. Errors: invalid "RequirementInvalid".
Result<bool> version_satisfies(std::string_view version, std::string_view constraints);

} // namespace rigger::host
