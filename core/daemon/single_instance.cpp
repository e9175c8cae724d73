#include "daemon/single_instance.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace rigger::daemon {
namespace {

Status make_private_directory(const std::filesystem::path &dir, std::string_view what) {
    std::error_code failed;
    const bool made = std::filesystem::create_directories(dir, failed);
    if (failed)
        return Error{Code::unavailable, "DirectoryMissing",
                     "cannot create the " + std::string(what) + " " + dir.string() + ": " + failed.message() +
                         "; create it for the user that runs riggerd, or set another one in rigger.yaml",
                     0};
    if (made) std::filesystem::permissions(dir, std::filesystem::perms::owner_all, failed);
    return {};
}

} // namespace

Result<SingleInstance> SingleInstance::acquire(const std::filesystem::path &state_dir,
                                               const std::filesystem::path &runtime_dir) {
    RIG_TRY(make_private_directory(state_dir, "state directory"));
    RIG_TRY(make_private_directory(runtime_dir, "runtime directory"));
    const auto lock_path = state_dir / "riggerd.lock";
    const int lock = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0)
        return Error{Code::unavailable, "LockFailed", "cannot open " + lock_path.string() + ": " + std::strerror(errno),
                     0};
    if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
        const int why = errno;
        char holder[32] = {};
        const ssize_t n = ::pread(lock, holder, sizeof holder - 1, 0);
        ::close(lock);
        if (why != EWOULDBLOCK)
            return Error{Code::unavailable, "LockFailed",
                         "cannot lock " + lock_path.string() + ": " + std::strerror(why), 0};
        const std::string pid(holder, n > 0 ? static_cast<size_t>(n) : 0);
        return Error{Code::conflict, "AlreadyRunning",
                     "another riggerd" + (pid.empty() ? std::string() : " (pid " + pid + ")") +
                         " uses the state directory " + state_dir.string() +
                         "; stop it first, or give this one a state_dir of its own",
                     0};
    }
    const std::string pid = std::to_string(::getpid());
    if (::ftruncate(lock, 0) != 0 || ::pwrite(lock, pid.data(), pid.size(), 0) < 0) {
        const int why = errno;
        ::close(lock);
        return Error{Code::unavailable, "LockFailed", "cannot write " + lock_path.string() + ": " + std::strerror(why),
                     0};
    }
    const auto pid_file = runtime_dir / "riggerd.pid";
    std::ofstream(pid_file, std::ios::trunc) << pid << '\n';
    return SingleInstance(lock, pid_file);
}

SingleInstance::SingleInstance(int lock, std::filesystem::path pid_file)
    : lock_(lock), pid_file_(std::move(pid_file)) {}

SingleInstance::SingleInstance(SingleInstance &&other) noexcept
    : lock_(std::exchange(other.lock_, -1)), pid_file_(std::move(other.pid_file_)) {}

SingleInstance::~SingleInstance() {
    if (lock_ < 0) return;
    std::error_code ignored;
    std::filesystem::remove(pid_file_, ignored);
    ::close(lock_);
}

} // namespace rigger::daemon
