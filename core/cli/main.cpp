// rigger: the operator's tool.
#include "base/descriptors.hpp"
#include "cli/app.hpp"
#include "cli/reader_gone.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <climits>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <thread>

extern char **environ;

namespace {

std::map<std::string, std::string> environment() {
    std::map<std::string, std::string> out;
    for (char **one = environ; one && *one; ++one) {
        const std::string_view text(*one);
        if (const size_t equals = text.find('='); equals != std::string_view::npos)
            out.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return out;
}

std::pair<size_t, size_t> terminal_size() {
    struct ::winsize size {};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return {size.ws_col, size.ws_row};
    const char *const columns = std::getenv("COLUMNS");
    const long width = columns ? std::strtol(columns, nullptr, 10) : 0;
    return {width > 0 && width < 10'000 ? static_cast<size_t>(width) : 80, 0};
}

std::tm local_time(std::time_t time) {
    std::tm out{};
    ::localtime_r(&time, &out);
    return out;
}

std::string own_path() {
    char path[PATH_MAX];
    const ssize_t length = ::readlink("/proc/self/exe", path, sizeof path);
    return length > 0 ? std::string(path, static_cast<size_t>(length)) : std::string();
}

} // namespace

int main(int argc, char **argv) {
    rigger::fill_standard_descriptors();
    std::ios::sync_with_stdio(false);
    std::signal(SIGPIPE, SIG_DFL);
    rigger::cli::Io io{.out = std::cout,
                       .err = std::cerr,
                       .in = std::cin,
                       .out_is_terminal = ::isatty(STDOUT_FILENO) == 1,
                       .err_is_terminal = ::isatty(STDERR_FILENO) == 1,
                       .in_is_terminal = ::isatty(STDIN_FILENO) == 1,
                       .terminal_size = terminal_size,
                       .environment = environment(),
                       .times = {local_time, std::time(nullptr)},
                       .pause =
                           [](std::chrono::milliseconds span) {
                               std::this_thread::sleep_for(span);
                               return true;
                           },
                       .end_with_reader = [] { rigger::cli::end_when_nobody_reads(STDOUT_FILENO); },
                       .reader_gone = [] { return rigger::cli::nobody_reads(STDOUT_FILENO); },
                       .program = own_path()};
    return rigger::cli::run(rigger::cli::Words(argv + 1, argv + argc), io);
}
