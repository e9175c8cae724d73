// core/cli/failure.hpp -- how the tool says that something went wrong.
#pragma once
#include "cli/exit_codes.hpp"
#include "cli/io.hpp"
#include "cli/render/result.hpp"

namespace rigger::cli {

/// Writes the error to io.err, with the next thing to do where there is one: text, or with -o json {"error":{...}}.
/// Returns the exit code.
int report(Io &io, const Error &error, Format format, Language language);

/// What to do about an error, beyond what its message says; empty: nothing.
std::string remedy(const Error &error, Language language);

} // namespace rigger::cli
