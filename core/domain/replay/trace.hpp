// core/domain/replay/trace.hpp -- a recorded cluster and what was asked of it, as a replay takes it.
#pragma once
#include "domain/offer.hpp"
#include "domain/snapshot.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace rigger::replay {

struct TraceNode {
    std::string name, model;
    int gpus = 0, cpu_milli = 0;
    int64_t memory_mib = 0;
};

struct TraceTask {
    std::string name;
    Requirements needs;                   ///< no models: any
    int64_t created_s = 0, deleted_s = 0; ///< seconds of the trace; deleted_s <= created_s: never
    int64_t milli() const noexcept { return int64_t{needs.gpu_count} * needs.gpu_milli; }
};

struct Trace {
    std::vector<TraceNode> nodes;
    std::vector<TraceTask> tasks;
    int64_t capacity_milli() const noexcept; ///< of all GPUs
};

/// Tasks that ask for the same are one offer, so that what is known of one serves all.
struct TraceMarket {
    SnapshotPtr snapshot;         ///< the nodes as ready, empty servers; one open offer per kind of task
    std::vector<OfferId> kind_of; ///< by task
};
TraceMarket market_of(const Trace &trace);

/// The order of arrivals of a saturation run, as task indices: every task once, then copies of tasks drawn with
/// replacement until the next would lift the demanded GPU milli above load x capacity; all of it shuffled. The same
/// seed, the same order, on every machine.
std::vector<uint32_t> saturate(const Trace &trace, double load, uint64_t seed);

} // namespace rigger::replay
