// core/host/kinds/tables.hpp -- are the tables that an instance hands out long enough and filled? Reads them only; any
// thread.
#pragma once
#include "base/status.hpp"

#include <rigger/abi/plugin.h>

#include <string_view>

namespace rigger::host {

/// The instance and its ops. Errors: "InstanceMissing", "TableIncomplete".
Status check_instance(const rig_instance *instance);
/// The table of a kind: struct_size of ABI 1.0 at least, no required function NULL. Errors: "InterfaceMissing",
/// "TableIncomplete".
Status check_table(std::string_view kind, const void *table);

} // namespace rigger::host
