// allocator.hpp -- makes an allocation of the plugin fail. The kit's operator new is the one that a library loaded
// later binds to.
#pragma once
#include <cstdint>

namespace check {

/// While it lives, operator new on this thread fails once, after `after` good allocations.
class FailingAllocator {
public:
    explicit FailingAllocator(int64_t after) noexcept;
    ~FailingAllocator();
    FailingAllocator(const FailingAllocator &) = delete;
    FailingAllocator &operator=(const FailingAllocator &) = delete;
    bool struck() const noexcept;
};

} // namespace check
