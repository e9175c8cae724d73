// core/control/publisher.hpp -- turns the state into an immutable snapshot for readers, plans and passes.
#pragma once
#include "control/turn.hpp"

#include <optional>

namespace rigger {

/// Publishes if something changed since the last time; answers the latest. Never nullptr.
std::shared_ptr<const Published> publish(Turn &turn);
/// Publishes when the interval has passed or a command asked for it.
void publish_if_due(Turn &turn);
std::optional<MonoTime> publish_due(const State &state, const ControlConfig &config);

} // namespace rigger
