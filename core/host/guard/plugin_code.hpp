// core/host/guard/plugin_code.hpp -- whose code a thread runs that left no breadcrumb: one that a plugin started
// itself.
//
// The lookups are safe in a signal handler.
#pragma once
#include <cstdint>

namespace rigger::host {

struct Badge;

/// The machine code of the library that holds `inside` is this plugin's. A later claim to the same library replaces the
/// earlier one. At most 64 libraries; those beyond are nobody's. Libraries are never unloaded.
void claim_code(const void *inside, const Badge &badge) noexcept;

/// nullptr: no plugin's.
const Badge *owner_of_code(uintptr_t address) noexcept;
/// The plugin of the innermost frame that lies in a plugin's code, of a stack with this pointer.
const Badge *owner_of_stack(uintptr_t stack_pointer) noexcept;

} // namespace rigger::host
