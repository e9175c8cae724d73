#include "cli/reader_gone.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <thread>

namespace rigger::cli {
namespace {

/// Errors and a hang-up are always told.
int wait_for_the_end(int descriptor, int milliseconds) noexcept {
    struct ::pollfd output {
        descriptor, 0, 0
    };
    int told = 0;
    do told = ::poll(&output, 1, milliseconds);
    while (told < 0 && (errno == EINTR || errno == EAGAIN));
    return told;
}

} // namespace

bool nobody_reads(int descriptor) noexcept { return wait_for_the_end(descriptor, 0) > 0; }

void end_when_nobody_reads(int descriptor) {
    std::thread([descriptor] {
        if (wait_for_the_end(descriptor, -1) <= 0) return;
        sigset_t broken_pipe; // Poco blocks it in every thread, so that a socket's end is an error and not a death
        ::sigemptyset(&broken_pipe);
        ::sigaddset(&broken_pipe, SIGPIPE);
        ::pthread_sigmask(SIG_UNBLOCK, &broken_pipe, nullptr);
        ::kill(::getpid(), SIGPIPE);
    }).detach();
}

} // namespace rigger::cli
