// Preloaded into riggerd: kills the process at a chosen commit of any of its databases.
//
// Everything durable of a daemon on embedded defaults -- records, intents, journal, launch tokens, instances, cluster
// objects -- goes through SQLite's write-ahead logs, and a SIGKILL loses nothing that was written. So the states that a
// killed daemon can leave behind are those between two commits, and the boundaries of every intent and effect are among
// them: killing before the first, the second, ... commit visits them all.
//
// RIGGER_DIE_AT names a file of two 64-bit counters that the test maps as well: [0] commits until death, counted down,
// 0 = never; [1] commits seen. A commit is told by its frame in the log: a header of 24 bytes whose second word, the
// size of the database, is not 0 (https://www.sqlite.org/fileformat2.html#walformat).
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {

using Counter = std::atomic<std::int64_t>;
static_assert(Counter::is_always_lock_free);

Counter *map_counters() {
    const char *const path = std::getenv("RIGGER_DIE_AT");
    const int file = path ? ::open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return nullptr;
    void *const at = ::mmap(nullptr, 2 * sizeof(Counter), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ::close(file);
    return at == MAP_FAILED ? nullptr : static_cast<Counter *>(at);
}

bool is_log(int fd) {
    char link[64], path[512];
    std::size_t length = 0;
    for (const char *c = "/proc/self/fd/"; *c; ++c) link[length++] = *c;
    char digits[12];
    std::size_t n = 0;
    do digits[n++] = static_cast<char>('0' + fd % 10);
    while ((fd /= 10) > 0);
    while (n > 0) link[length++] = digits[--n];
    link[length] = 0;
    const ssize_t size = ::readlink(link, path, sizeof path);
    return size > 4 && std::memcmp(path + size - 4, "-wal", 4) == 0;
}

void count_commit(int fd, const void *data, std::size_t size) {
    static Counter *const counters = map_counters();
    if (!counters || size != 24) return;
    std::uint32_t pages;
    std::memcpy(&pages, static_cast<const char *>(data) + 4, sizeof pages);
    if (pages == 0 || !is_log(fd)) return;
    counters[1].fetch_add(1);
    std::int64_t left = counters[0].load();
    while (left > 0 && !counters[0].compare_exchange_weak(left, left - 1)) {}
    if (left == 1) ::kill(::getpid(), SIGKILL);
}

using Write = ssize_t (*)(int, const void *, std::size_t, off64_t);

} // namespace

extern "C" __attribute__((visibility("default"))) ssize_t pwrite64(int fd, const void *data, std::size_t size,
                                                                   off64_t offset) {
    static const Write original = reinterpret_cast<Write>(::dlsym(RTLD_NEXT, "pwrite64"));
    count_commit(fd, data, size);
    return original(fd, data, size, offset);
}
