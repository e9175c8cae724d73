#include "host/probe.hpp"

#include "host/descriptor.hpp"
#include "host/files.hpp"

#include <fcntl.h>
#include <poll.h>
#include <rigger/abi/base.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <vector>

extern char **environ;

namespace rigger::host {
namespace {
constexpr size_t max_answer = 4 << 20;
constexpr int answer_fd = 3; ///< where rigger-plugin-probe writes; stdout and stderr belong to the plugin under test

std::string header() {
    return "rigger-probe " + std::to_string(RIG_ABI_MAJOR) + "." + std::to_string(RIG_ABI_MINOR) + "\n";
}

int64_t now_ms() {
    timespec t{};
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return int64_t{t.tv_sec} * 1000 + t.tv_nsec / 1'000'000;
}

struct Child {
    pid_t pid = -1;
    int answer = -1;
};

/// A file without a name that holds `text`, read from its beginning; -1: there is none.
int nameless_file(std::string_view text) {
    const int fd = ::memfd_create("rigger-probe", MFD_CLOEXEC);
    while (fd >= 0 && !text.empty()) {
        const ssize_t n = ::write(fd, text.data(), text.size());
        if (n <= 0) return ::close(fd), -1;
        text.remove_prefix(static_cast<size_t>(n));
    }
    if (fd >= 0) ::lseek(fd, 0, SEEK_SET);
    return fd;
}

/// `input` becomes the child's descriptor 0; -1: nothing.
Result<Child> spawn(const std::filesystem::path &probe, std::vector<std::string> arguments, int input = -1) {
    int pipes[2];
    if (::pipe2(pipes, O_CLOEXEC) != 0)
        return Error{Code::unavailable, "ProbeFailed",
                     std::string("cannot make a pipe for the probe: ") + std::strerror(errno), 0};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    for (int fd = 0; fd < 3; ++fd) posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
    // A descriptor that already has the wanted number keeps its close-on-exec flag through dup2, so it is moved away
    // first.
    if (input >= 0) posix_spawn_file_actions_adddup2(&actions, input, 0);
    const int high = ::fcntl(pipes[1], F_DUPFD_CLOEXEC, 16);
    posix_spawn_file_actions_adddup2(&actions, high, answer_fd);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    std::string program = probe.string();
    std::vector<char *> argv{program.data()};
    for (std::string &argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    Child child;
    const int failed = ::posix_spawn(&child.pid, program.c_str(), &actions, &attributes, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    ::close(pipes[1]);
    if (high >= 0) ::close(high);
    if (failed != 0) {
        ::close(pipes[0]);
        return Error{Code::unavailable, "ProbeFailed",
                     "cannot run " + program + ": " + std::strerror(failed) + "; reinstall rigger-plugin-probe", 0};
    }
    child.answer = pipes[0];
    return child;
}

/// Reads until the child closes its end. false: the limit passed.
bool collect(int fd, int64_t until_ms, std::string &out) {
    std::array<char, 16 * 1024> buffer;
    while (true) {
        pollfd p{fd, POLLIN, 0};
        const int64_t left = until_ms - now_ms();
        const int ready = left > 0 ? ::poll(&p, 1, static_cast<int>(left)) : 0;
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return false;
        const ssize_t n = ::read(fd, buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0 || out.size() > max_answer) return true;
        out.append(buffer.data(), static_cast<size_t>(n));
    }
}

/// The child's exit, or nullopt when the limit passed (it was killed then).
std::optional<int> reap(pid_t pid, int64_t until_ms, bool kill_now) {
    int status = 0;
    while (!kill_now) {
        const pid_t done = ::waitpid(pid, &status, WNOHANG);
        if (done == pid) return status;
        if (done < 0 && errno != EINTR) return 0;
        if (now_ms() >= until_ms) break;
        timespec pause{0, 1'000'000};
        ::nanosleep(&pause, nullptr);
    }
    ::kill(-pid, SIGKILL);
    ::kill(pid, SIGKILL);
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    return std::nullopt;
}

/// What follows "ok\n", or the error of "refused\n<reason>\n<message>".
Result<std::string_view> read_answer(std::string_view answer) {
    if (answer.starts_with("ok\n")) return answer.substr(3);
    if (!answer.starts_with("refused\n")) return invalid("ProbeUnreadable", "the probe's answer cannot be read");
    answer.remove_prefix(8);
    const size_t line = std::min(answer.find('\n'), answer.size());
    return invalid(std::string(answer.substr(0, line)), std::string(answer.substr(std::min(line + 1, answer.size()))));
}

std::string crash_answer(int status) {
    if (WIFSIGNALED(status))
        return std::string("refused\nProbeCrashed\nloading it ended the probe with ") + ::strsignal(WTERMSIG(status));
    return "refused\nProbeCrashed\nloading it ended the probe with exit code " + std::to_string(WEXITSTATUS(status));
}
Result<ProbeFacts> read_facts(std::string_view answer) {
    RIG_TRY_ASSIGN(const std::string_view facts, read_answer(answer));
    return parse_probe_facts(facts);
}

struct Ended {
    std::string answer;
    std::optional<int> status; ///< nullopt: the limit passed
};
Ended wait_for(const Child &child, Duration limit) {
    const int64_t until = now_ms() + std::chrono::duration_cast<std::chrono::milliseconds>(limit).count();
    Ended ended;
    const bool whole = collect(child.answer, until, ended.answer);
    ::close(child.answer);
    ended.status = reap(child.pid, until, !whole);
    return ended;
}
} // namespace

Result<ProbeFacts> probe_library(const std::filesystem::path &probe, const std::filesystem::path &library,
                                 Duration limit) {
    std::filesystem::path memory = library;
    memory.replace_extension(".probe");
    if (const auto kept = read_text_file(memory, max_answer + 64); kept.ok() && kept->starts_with(header()))
        return read_facts(std::string_view(*kept).substr(header().size()));

    RIG_TRY_ASSIGN(const Child child, spawn(probe, {library.string()}));
    auto [answer, status] = wait_for(child, limit);
    if (!status)
        return invalid("ProbeHung",
                       "loading it did not end within " +
                           std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(limit).count()) +
                           " ms in the probe, so its static constructors hang");
    if (!WIFEXITED(*status) || WEXITSTATUS(*status) != 0) answer = crash_answer(*status);
    RIG_TRY(replace_file(memory, header() + answer, 0600));
    return read_facts(answer);
}

Status ask_instance(const std::filesystem::path &probe, const std::filesystem::path &library,
                    const std::string &component, std::string_view config, Duration limit) {
    const auto unasked = [](const std::string &why) {
        return Error{Code::unavailable, "Unasked", "it could not be asked what it makes of its settings: " + why, 0};
    };
    const int input = nameless_file(config);
    if (input < 0) return unasked(std::strerror(errno));
    const auto child = spawn(probe, {library.string(), component}, input);
    ::close(input);
    RIG_TRY(child);
    const auto [answer, status] = wait_for(*child, limit);
    if (!status) return unasked("no answer came in time");
    if (WIFSIGNALED(*status)) return unasked(std::string("it ended with ") + ::strsignal(WTERMSIG(*status)));
    if (WEXITSTATUS(*status) != 0) return unasked("it ended with exit code " + std::to_string(WEXITSTATUS(*status)));
    RIG_TRY(read_answer(answer));
    return {};
}

} // namespace rigger::host
