#include "host/guard/process_state.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <clocale>
#include <csignal>
#include <cstring>

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

ProcessState::ProcessState() : locale_() {
    for (int s = 1; s < static_cast<int>(signal_count); ++s)
        if (can_be_caught(s)) ::sigaction(s, nullptr, &handlers_[static_cast<size_t>(s)]);
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask_);
    if (const char *name = std::setlocale(LC_ALL, nullptr)) c_locale_ = name;
    (void)usual_file_mask();
    directory_ = ::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < standard_files; ++i)
        copies_[i] = ::fcntl(static_cast<int>(i), F_DUPFD_CLOEXEC, first_free_fd);
}

ProcessState::~ProcessState() {
    if (directory_ >= 0) ::close(directory_);
    for (const int fd : copies_)
        if (fd >= 0) ::close(fd);
}

std::string ProcessState::restore() const {
    std::string changed;
    const auto note = [&](const std::string &what) { changed.append(changed.empty() ? "" : ", ").append(what); };
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
