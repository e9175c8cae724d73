#include "host/guard/plugin_code.hpp"

#include "host/guard/crash.hpp"

#include <link.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>

namespace rigger::host {
namespace {

struct Range {
    uintptr_t begin = 0, end = 0;
};
struct Claim {
    Range code;
    Badge badge;
};
std::array<Claim, 64> g_claims;
std::atomic<size_t> g_claimed{0}; ///< those before it are readable
std::mutex g_claiming;

struct Search {
    uintptr_t inside;
    Range code;
};

int look_into(dl_phdr_info *object, size_t, void *search) {
    auto &wanted = *static_cast<Search *>(search);
    Range code{UINTPTR_MAX, 0};
    bool found = false;
    for (size_t i = 0; i < object->dlpi_phnum; ++i) {
        const auto &segment = object->dlpi_phdr[i];
        if (segment.p_type != PT_LOAD) continue;
        const uintptr_t begin = object->dlpi_addr + segment.p_vaddr, end = begin + segment.p_memsz;
        found = found || (wanted.inside >= begin && wanted.inside < end);
        if ((segment.p_flags & PF_X) != 0) code = {std::min(code.begin, begin), std::max(code.end, end)};
    }
    if (found && code.begin < code.end) wanted.code = code;
    return found ? 1 : 0;
}

} // namespace

void claim_code(const void *inside, const Badge &badge) noexcept {
    Search search{reinterpret_cast<uintptr_t>(inside), {}};
    ::dl_iterate_phdr(&look_into, &search);
    if (search.code.begin == 0) return;
    const std::lock_guard lock(g_claiming);
    const size_t n = g_claimed.load(std::memory_order_relaxed);
    for (size_t i = 0; i < n; ++i)
        if (g_claims[i].code.begin == search.code.begin) {
            g_claims[i].badge = badge; // a handler that reads it now sees names that end all the same
            return;
        }
    if (n == g_claims.size()) return;
    g_claims[n] = {search.code, badge};
    g_claimed.store(n + 1, std::memory_order_release);
}

const Badge *owner_of_code(uintptr_t address) noexcept {
    const size_t n = g_claimed.load(std::memory_order_acquire);
    for (size_t i = 0; i < n; ++i)
        if (address >= g_claims[i].code.begin && address < g_claims[i].code.end) return &g_claims[i].badge;
    return nullptr;
}

const Badge *owner_of_stack(uintptr_t stack_pointer) noexcept {
    constexpr size_t page = 4096, most_pages = 16;
    uintptr_t at = stack_pointer / sizeof(uintptr_t) * sizeof(uintptr_t);
    for (size_t i = 0; i < most_pages; ++i) {
        // Through the kernel, which answers where the stack ends instead of ending us.
        std::array<uintptr_t, page / sizeof(uintptr_t)> seen;
        const size_t rest_of_page = page - at % page;
        iovec to{seen.data(), rest_of_page}, from{reinterpret_cast<void *>(at), rest_of_page};
        const ssize_t got = ::process_vm_readv(::getpid(), &to, 1, &from, 1, 0);
        if (got <= 0 && i > 0) return nullptr; // the first may be the page behind the end that an overflow hit
        for (size_t word = 0; word < static_cast<size_t>(std::max<ssize_t>(got, 0)) / sizeof(uintptr_t); ++word)
            if (const Badge *owner = owner_of_code(seen[word])) return owner;
        at += rest_of_page;
    }
    return nullptr;
}

} // namespace rigger::host
