// core/cli/exit_codes.hpp -- what `rigger` ends with. Documented in docs/operators/cli.md; scripts rely on it.
#pragma once
#include "base/status.hpp"

namespace rigger::cli {

enum Exit : int {
    exit_ok = 0,
    exit_failed = 1,      ///< the daemon or the tool failed
    exit_usage = 2,       ///< the command line is wrong; nothing was done
    exit_unreachable = 3, ///< no daemon answers
    exit_denied = 4,
    exit_not_found = 5, ///< no such thing, or more than one
    exit_held_back = 6, ///< a rule forbids it, or the safety rules held part of it back
    exit_timeout = 7,   ///< gave up waiting; the outcome is not known
    exit_later = 8,     ///< cannot be done now; a retry makes sense
    exit_interrupted = 130,
    exit_reader_gone = 141, ///< nobody reads the output any more: what a shell says of a death by SIGPIPE
};

Exit exit_code(const Error &error) noexcept;

} // namespace rigger::cli
