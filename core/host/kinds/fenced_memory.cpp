#include "host/kinds/fenced_memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <new>
#include <utility>

namespace rigger::host {

FencedMemory::~FencedMemory() {
    if (map_) ::munmap(map_, size_);
}

std::byte *FencedMemory::reserve(size_t bytes) {
    static const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
    const size_t wanted = (bytes + front + page - 1) / page * page + 2 * page;
    if (wanted > size_) {
        if (map_) ::munmap(std::exchange(map_, nullptr), std::exchange(size_, 0));
        void *map = ::mmap(nullptr, wanted, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (map == MAP_FAILED) throw std::bad_alloc();
        map_ = static_cast<std::byte *>(map);
        size_ = wanted;
        if (::mprotect(map_ + page, size_ - 2 * page, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
    }
    return map_ + size_ - page - bytes;
}

} // namespace rigger::host
