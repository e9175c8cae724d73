// core/domain/optimum/allocation_bound.hpp -- how much GPU could have been allocated at most: what a replay is measured
// against.
//
// All tasks are known in advance and may be chosen freely; machines start empty; nothing moves. The bound is a
// Lagrangian dual: the number of tasks of each kind and every machine's CPU and memory get a price, what is left is one
// exact packing of GPUs per class of machines. It holds for any prices; the search only makes it tight. See
// docs/architecture/0005-distance-to-the-optimum.md.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace rigger::optimum {

struct Machine {
    std::string model; ///< of all its GPUs
    int gpus = 0;
    int64_t cpu_milli = 0, memory_mib = 0;
};

/// Takes `gpus` wholly free GPUs or, with gpus 1 and gpu_milli below 1000, that much of one GPU. Without a GPU it
/// counts for nothing.
struct Task {
    int gpus = 0;
    int gpu_milli = 1000; ///< of each GPU; 1..1000
    int64_t cpu_milli = 0, memory_mib = 0;
    std::vector<std::string> models; ///< admissible; empty: any
};

struct AllocationBound {
    int64_t gpu_milli = 0;         ///< no choice of tasks and places allocates more
    int64_t trivial_gpu_milli = 0; ///< min(capacity, demand), for comparison
};

/// Never below the true optimum. `rounds` bounds the search for good prices: the work, and so the time, is proportional
/// to it; the answer depends on the arguments alone.
AllocationBound allocatable_at_most(std::span<const Machine> machines, std::span<const Task> tasks,
                                    size_t rounds = 1000);

} // namespace rigger::optimum
