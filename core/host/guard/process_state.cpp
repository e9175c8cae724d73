#include "host/guard/process_state.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <csignal>
#include <cstring>
#include <iterator>
#include <utility>

namespace rigger::host {
namespace {
constexpr int first_free_fd = 3;

bool can_be_caught(int signal) { return signal != SIGKILL && signal != SIGSTOP; }

std::string name_of_signal(int signal) {
    const char *name = ::sigabbrev_np(signal);
    return name ? "SIG" + std::string(name) : "signal " + std::to_string(signal);
}

/// One union, two pointers: both are of the same size, and the unused one is not compared.
bool same(const struct sigaction &a, const struct sigaction &b) {
    if (a.sa_flags != b.sa_flags) return false;
    return (a.sa_flags & SA_SIGINFO) != 0 ? a.sa_sigaction == b.sa_sigaction : a.sa_handler == b.sa_handler;
}

bool same_file(int a, int b) {
    struct stat x {
    }, y{};
    return ::fstat(a, &x) == 0 && ::fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino &&
           x.st_rdev == y.st_rdev;
}

/// How the thread calculates, without what its latest results were.
uint32_t mode_of([[maybe_unused]] const fenv_t &arithmetic) {
#if defined(__x86_64__)
    constexpr uint32_t flags = 0x3f;
    return arithmetic.__mxcsr & ~flags;
#elif defined(__aarch64__)
    return arithmetic.__fpcr;
#else
    return static_cast<uint32_t>(::fegetround());
#endif
}

constexpr const char *limit_names[] = {"cpu",      "fsize",  "data",    "stack", "core",  "rss",
                                       "nproc",    "nofile", "memlock", "as",    "locks", "sigpending",
                                       "msgqueue", "nice",   "rtprio",  "rttime"};
static_assert(std::size(limit_names) == RLIM_NLIMITS);

/// The process's mask as the first look found it: it cannot be read without being set.
mode_t usual_file_mask() {
    static const mode_t usual = [] {
        const mode_t found = ::umask(077);
        ::umask(found);
        return found;
    }();
    return usual;
}
} // namespace

OwnFile::OwnFile() : fd_(::memfd_create("rigger-own-file", MFD_CLOEXEC)) {
    if (fd_ >= 0 && ::fstat(fd_, &is_) != 0) ::close(std::exchange(fd_, -1));
}
OwnFile::~OwnFile() {
    if (fd_ >= 0 && !lost()) ::close(fd_);
}

bool OwnFile::lost() const noexcept {
    struct stat now {};
    return fd_ >= 0 && (::fstat(fd_, &now) != 0 || now.st_dev != is_.st_dev || now.st_ino != is_.st_ino);
}

ProcessState::ProcessState() : locale_() {
    for (int s = 1; s < static_cast<int>(signal_count); ++s)
        if (can_be_caught(s)) ::sigaction(s, nullptr, &handlers_[static_cast<size_t>(s)]);
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask_);
    if (const char *name = std::setlocale(LC_ALL, nullptr)) c_locale_ = name;
    (void)usual_file_mask();
    ::fegetenv(&arithmetic_);
    for (size_t i = 0; i < limits_.size(); ++i) ::getrlimit(static_cast<__rlimit_resource>(i), &limits_[i]);
    directory_ = ::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < standard_files; ++i)
        copies_[i] = ::fcntl(static_cast<int>(i), F_DUPFD_CLOEXEC, first_free_fd);
}

ProcessState::~ProcessState() {
    if (directory_ >= 0) ::close(directory_);
    for (const int fd : copies_)
        if (fd >= 0) ::close(fd);
}

ProcessState::Scheduling ProcessState::scheduling() {
    Scheduling now;
    sched_param parameters{};
    ::pthread_getschedparam(::pthread_self(), &now.policy, &parameters);
    now.priority = parameters.sched_priority;
    now.nice = ::getpriority(PRIO_PROCESS, 0); // of this thread
    ::sched_getaffinity(0, sizeof now.processors, &now.processors);
    return now;
}

/// What belongs to the calling thread alone; the answer as restore()'s.
std::string ProcessState::restore_thread() const {
    std::string changed;
    const Scheduling now = scheduling();
    if (now.policy != scheduling_.policy || now.priority != scheduling_.priority || now.nice != scheduling_.nice) {
        const sched_param before{scheduling_.priority};
        ::pthread_setschedparam(::pthread_self(), scheduling_.policy, &before);
        ::setpriority(PRIO_PROCESS, 0, scheduling_.nice);
        changed += ", the scheduling of a thread of the host";
    }
    if (CPU_EQUAL(&now.processors, &scheduling_.processors) == 0) {
        ::sched_setaffinity(0, sizeof scheduling_.processors, &scheduling_.processors);
        changed += ", the processors of a thread of the host";
    }
    fenv_t arithmetic{};
    ::fegetenv(&arithmetic);
    if (mode_of(arithmetic) != mode_of(arithmetic_)) {
        ::fesetenv(&arithmetic_);
        changed += ", the floating-point mode of a thread of the host";
    }
    return changed.empty() ? changed : changed.substr(2);
}

std::string ProcessState::restore() const {
    std::string changed = restore_thread();
    const auto note = [&](const std::string &what) { changed.append(changed.empty() ? "" : ", ").append(what); };
    for (size_t i = 0; i < limits_.size(); ++i) {
        const auto resource = static_cast<__rlimit_resource>(i);
        rlimit now{};
        if (::getrlimit(resource, &now) != 0) continue;
        if (now.rlim_cur == limits_[i].rlim_cur && now.rlim_max == limits_[i].rlim_max) continue;
        // A lowered hard limit comes back for root alone; the soft one goes as high as it can again.
        const rlimit nearest{std::min(limits_[i].rlim_cur, now.rlim_max), now.rlim_max};
        if (::setrlimit(resource, &limits_[i]) != 0) ::setrlimit(resource, &nearest);
        note(std::string("the limit '") + limit_names[i] + "'");
    }
    for (size_t i = 0; i < standard_files; ++i) {
        const int fd = static_cast<int>(i);
        if (copies_[i] < 0 || same_file(fd, copies_[i])) continue;
        ::dup2(copies_[i], fd);
        note("file descriptor " + std::to_string(fd));
    }
    for (int s = 1; s < static_cast<int>(signal_count); ++s) {
        struct sigaction now {};
        const auto &before = handlers_[static_cast<size_t>(s)];
        if (!can_be_caught(s) || ::sigaction(s, nullptr, &now) != 0 || same(now, before)) continue;
        ::sigaction(s, &before, nullptr);
        note("the handler of " + name_of_signal(s));
    }
    sigset_t mask{};
    ::pthread_sigmask(SIG_SETMASK, &mask_, &mask);
    bool masked_alike = true;
    for (int s = 1; s < static_cast<int>(signal_count); ++s)
        masked_alike = masked_alike && sigismember(&mask, s) == sigismember(&mask_, s);
    if (!masked_alike) note("the signal mask of a thread of the host");
    if (const std::locale now; now != locale_) {
        std::locale::global(locale_);
        note("the C++ locale");
    }
    if (const char *name = std::setlocale(LC_ALL, nullptr); name && c_locale_ != name) {
        std::setlocale(LC_ALL, c_locale_.c_str());
        note("the locale");
    }
    if (::umask(usual_file_mask()) != usual_file_mask()) note("the file mode mask");
    if (const int now = ::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC); directory_ >= 0) {
        if (now < 0 || !same_file(now, directory_)) {
            if (::fchdir(directory_) == 0) note("the working directory");
        }
        if (now >= 0) ::close(now);
    }
    return changed;
}

} // namespace rigger::host
