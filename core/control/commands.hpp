// core/control/commands.hpp -- verbs, once names are resolved and a frontend may ask for them.
#pragma once
#include "control/turn.hpp"

namespace rigger::commands {

/// Decides; the answer leaves when what was decided is durable.
void handle(Turn &turn, const Command &command);
/// The one who asked gave up waiting. What was decided stays decided.
void abandon(Turn &turn, RequestId request);

} // namespace rigger::commands
