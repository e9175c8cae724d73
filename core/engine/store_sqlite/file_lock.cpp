#include "engine/store_sqlite/file_lock.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace rigger::sqlite {
namespace {
std::string holder_of(int descriptor) {
    char text[32] = {};
    const ssize_t n = ::pread(descriptor, text, sizeof text - 1, 0);
    std::string pid(text, n > 0 ? static_cast<size_t>(n) : 0);
    while (!pid.empty() && pid.back() == '\n') pid.pop_back();
    return pid.empty() ? "unknown" : pid;
}
} // namespace

Result<std::unique_ptr<FileLock>> FileLock::take(const std::string &path) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) {
        const bool read_only = errno == EROFS;
        return Error{Code::unavailable, read_only ? "StoreReadOnly" : "StoreCannotOpen",
                     "cannot create the store's lock '" + path + "': " + std::strerror(errno) +
                         "; its directory must exist and be writable for the daemon's user",
                     1000};
    }
    std::unique_ptr<FileLock> lock(new FileLock(descriptor));
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return Error{Code::unavailable, "StoreInUse",
                         "the store is in use by another daemon, process " + holder_of(descriptor) + " (lock '" + path +
                             "'); stop that one, or give this one a state_dir of its own",
                         1000};
        return Error{Code::unavailable, "StoreCannotOpen", "cannot lock '" + path + "': " + std::strerror(errno), 1000};
    }
    // The pid is for people alone: failing to write it (a full disk) must not keep the daemon from starting.
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(descriptor, 0) == 0) [[maybe_unused]]
        const ssize_t n = ::pwrite(descriptor, pid.data(), pid.size(), 0);
    return lock;
}

Status make_private_file(const std::string &path) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor >= 0) {
        ::close(descriptor);
        return {};
    }
    const bool read_only = errno == EACCES || errno == EROFS || errno == EPERM;
    return Error{Code::unavailable, read_only ? "StoreReadOnly" : "StoreCannotOpen",
                 "store '" + path + "': cannot open it for writing: " + std::strerror(errno) +
                     "; make the file and its directory writable for the daemon's user",
                 1000};
}

FileLock::~FileLock() { ::close(descriptor_); }

} // namespace rigger::sqlite
