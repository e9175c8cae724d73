// core/host/kinds/fenced_memory.hpp -- memory that a plugin writes to, between two pages that nobody may touch.
//
// Who writes far behind its end crashes there and then, in the plugin's own call, instead of leaving behind a heap that
// ends the daemon later in somebody else's.
#pragma once
#include <cstddef>

namespace rigger::host {

/// Grows, and is never initialised beyond what the kernel does.
class FencedMemory {
public:
    static constexpr size_t front = 64; ///< bytes before what reserve() answers that are there as well

    FencedMemory() = default;
    ~FencedMemory();
    FencedMemory(const FencedMemory &) = delete;
    FencedMemory &operator=(const FencedMemory &) = delete;

    /// `bytes` is a multiple of 64, and so is the address. They end where the fence begins. Throws std::bad_alloc.
    std::byte *reserve(size_t bytes);

private:
    std::byte *map_ = nullptr;
    size_t size_ = 0; ///< of the map, both fences included
};

} // namespace rigger::host
