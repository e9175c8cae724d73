// core/host/kinds/tables.hpp -- are the tables that an instance hands out long enough and filled? Reads them only; any
// thread.
#pragma once
#include "base/status.hpp"

#include <rigger/abi/kind/placement_scorer.h>

#include <string_view>

namespace rigger::host {

/// The instance and its ops. Errors: "InstanceMissing", "TableIncomplete".
Status check_instance(const rig_instance *instance);
/// The table of a kind: struct_size of ABI 1.0 at least, no required function NULL. Errors: "InterfaceMissing",
/// "TableIncomplete".
Status check_table(std::string_view kind, const void *table);

/// A scorer's table as far as its writer compiled it: it may end behind `explain`. What it lacks is zero, which is a
/// preference that reads nothing but its columns.
rig_placement_scorer scorer_table(const void *table) noexcept;

} // namespace rigger::host
