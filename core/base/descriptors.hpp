// core/base/descriptors.hpp -- standard input, output and error, whatever the caller of the process made of them.
#pragma once

namespace rigger {

/// Opens those of the three that the caller closed. Else the next file or socket would get the number, and what is
/// printed would go there: into a database, or to the daemon as a request. Reading the input or writing the output
/// fails then as it does on a closed descriptor; what goes to standard error is lost. To be called before anything is
/// opened.
void fill_standard_descriptors() noexcept;

} // namespace rigger
