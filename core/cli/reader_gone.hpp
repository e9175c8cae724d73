// core/cli/reader_gone.hpp -- the end of `rigger insts --watch | head -1`.
#pragma once

namespace rigger::cli {

/// The descriptor is a pipe or a terminal that nobody reads any more.
bool nobody_reads(int descriptor) noexcept;

/// From now on the process ends, by SIGPIPE, as soon as nobody reads the descriptor any more: what the kernel does to
/// one that writes there, but without waiting for something to write. For a command whose output goes on; one that
/// changes something must finish. Any thread.
void end_when_nobody_reads(int descriptor);

} // namespace rigger::cli
