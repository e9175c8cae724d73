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
// The whole family: a sanitizer brings its own of whatever is missing, and then one frees what the other allocated.
CHECK_EXPORT void *operator new(size_t size, const std::nothrow_t &) noexcept {
    return check::out_of_memory() ? nullptr : std::malloc(size ? size : 1);
}
CHECK_EXPORT void *operator new(size_t size) {
    if (void *p = ::operator new(size, std::nothrow)) return p;
    throw std::bad_alloc();
}
CHECK_EXPORT void *operator new[](size_t size, const std::nothrow_t &) noexcept {
    return ::operator new(size, std::nothrow);
}
CHECK_EXPORT void *operator new[](size_t size) { return ::operator new(size); }
CHECK_EXPORT void operator delete(void *p) noexcept { std::free(p); }
CHECK_EXPORT void operator delete[](void *p) noexcept { std::free(p); }
CHECK_EXPORT void operator delete(void *p, size_t) noexcept { std::free(p); }
CHECK_EXPORT void operator delete[](void *p, size_t) noexcept { std::free(p); }
CHECK_EXPORT void operator delete(void *p, const std::nothrow_t &) noexcept { std::free(p); }
CHECK_EXPORT void operator delete[](void *p, const std::nothrow_t &) noexcept { std::free(p); }
