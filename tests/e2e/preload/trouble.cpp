// Preloaded into riggerd: a wall clock that is set, a machine that slept, a disk that takes nothing.
//
// RIGGER_TROUBLE names a file of three 64-bit numbers that the test maps as well: [0] seconds by which the wall clock
// is ahead, [1] seconds by which the clock that goes on while the machine sleeps (CLOCK_BOOTTIME) is ahead, [2] while
// it is not 0, writes into the write-ahead log of cluster-local's database do not come back.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

using Number = std::atomic<std::int64_t>;
static_assert(Number::is_always_lock_free);

Number *numbers() {
    static Number *const at = [] {
        const char *const path = std::getenv("RIGGER_TROUBLE");
        const int file = path ? ::open(path, O_RDWR | O_CLOEXEC) : -1;
        void *const map = file < 0 ? MAP_FAILED : ::mmap(nullptr, 3 * sizeof(Number), PROT_READ, MAP_SHARED, file, 0);
        if (file >= 0) ::close(file);
        return map == MAP_FAILED ? nullptr : static_cast<Number *>(map);
    }();
    return at;
}

bool is_clusters_log(int fd) {
    char link[32], path[512];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t size = ::readlink(link, path, sizeof path);
    constexpr char tail[] = "/cluster-local.sqlite-wal";
    constexpr ssize_t length = sizeof tail - 1;
    return size > length && std::memcmp(path + size - length, tail, length) == 0;
}

using Write = ssize_t (*)(int, const void *, std::size_t, off64_t);
using GetTime = int (*)(clockid_t, timespec *);

} // namespace

extern "C" __attribute__((visibility("default"))) ssize_t pwrite64(int fd, const void *data, std::size_t size,
                                                                   off64_t offset) {
    static const Write original = reinterpret_cast<Write>(::dlsym(RTLD_NEXT, "pwrite64"));
    while (numbers() && numbers()[2].load() != 0 && is_clusters_log(fd)) ::usleep(1000);
    return original(fd, data, size, offset);
}

extern "C" __attribute__((visibility("default"))) int clock_gettime(clockid_t clock, timespec *now) noexcept {
    static const GetTime original = reinterpret_cast<GetTime>(::dlsym(RTLD_NEXT, "clock_gettime"));
    const int result = original(clock, now);
    if (result == 0 && numbers() && (clock == CLOCK_REALTIME || clock == CLOCK_BOOTTIME))
        now->tv_sec += numbers()[clock == CLOCK_BOOTTIME ? 1 : 0].load();
    return result;
}
