// core/engine/bus_memory/memory_bus.hpp -- the embedded default of domain/ports/bus.hpp: events within one process.
#pragma once
#include "domain/ports/bus.hpp"

#include <memory>

namespace rigger {

/// Has no thread of its own: publish() delivers on the calling thread. When another thread (or a listener) is
/// delivering already, the event joins that thread's queue, so all listeners see one order. At most `queue_limit`
/// events wait; beyond that events are dropped and every listener is told of the gap.
std::unique_ptr<Bus> make_memory_bus(size_t queue_limit = 65536);

} // namespace rigger
