// core/cli/watch.hpp -- shows a result again whenever it changes: redraws a terminal, appends to anything else.
#pragma once
#include "cli/client.hpp"
#include "cli/io.hpp"
#include "cli/render/result.hpp"

namespace rigger::cli {

struct WatchOrder {
    std::string path, body; ///< of the request
    const ResultDeclaration &shape;
    RenderStyle style; ///< the width is asked anew for each picture
};

/// Until the operator ends it, the command fails for good, or the daemon stays away (without Io::pause: goes away).
/// Returns the exit code.
int run_watch(Client &client, const WatchOrder &order, Io &io);

} // namespace rigger::cli
