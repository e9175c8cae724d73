#include "allocator.hpp"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace check {
namespace {

thread_local int64_t allocations_left = -1; // below 0: never fail
bool out_of_memory() noexcept { return allocations_left >= 0 && allocations_left-- == 0; }

} // namespace

FailingAllocator::FailingAllocator(int64_t after) noexcept { allocations_left = after; }
FailingAllocator::~FailingAllocator() { allocations_left = -1; }
bool FailingAllocator::struck() const noexcept { return allocations_left < 0; }

} // namespace check

#define CHECK_EXPORT __attribute__((visibility("default")))
CHECK_EXPORT void *operator new(size_t size) {
    if (!check::out_of_memory())
        if (void *p = std::malloc(size ? size : 1)) return p;
    throw std::bad_alloc();
}
CHECK_EXPORT void *operator new[](size_t size) { return ::operator new(size); }
CHECK_EXPORT void operator delete(void *p) noexcept { std::free(p); }
CHECK_EXPORT void operator delete[](void *p) noexcept { std::free(p); }
CHECK_EXPORT void operator delete(void *p, size_t) noexcept { std::free(p); }
CHECK_EXPORT void operator delete[](void *p, size_t) noexcept { std::free(p); }
