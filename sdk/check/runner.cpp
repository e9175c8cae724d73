#include "runner.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#if defined(RIGGER_SANITIZED)
#define CHECK_SANITIZED 1
#else
#define CHECK_SANITIZED 0
#endif

namespace check {
namespace {

struct Shared {
    char call[96];
};
Shared *shared_memory() {
    static Shared *const memory = [] {
        void *p = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        return p == MAP_FAILED ? nullptr : static_cast<Shared *>(p);
    }();
    return memory;
}

void confine(const Options &options) {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    if (CHECK_SANITIZED) {
        const auto nothing = [] {};
        std::thread(nothing).join(); // TSan starts a thread of its own with the first one: no plugin's fault
    } else {
        const rlimit space{rlim_t{8} << 30, rlim_t{8} << 30};
        setrlimit(RLIMIT_AS, &space);
    }
    if (options.verbose) return;
    const int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; ++fd) dup2(null, fd);
    if (null > 2) close(null);
}

void send(int fd, const std::string &text) {
    for (size_t done = 0; done < text.size();) {
        const ssize_t n = write(fd, text.data() + done, text.size() - done);
        if (n <= 0 && errno != EINTR) return;
        if (n > 0) done += static_cast<size_t>(n);
    }
}

std::string in_call() {
    const Shared *s = shared_memory();
    return s && s->call[0] ? std::string(" in ") + s->call + "()" : std::string();
}

/// Runs `body` in a child; what it answers comes back as the first byte ('0' + verdict) and the text.
Result in_child(const Options &options, const std::function<Ending()> &body) {
    using namespace std::chrono;
    set_call("");
    int pipe_ends[2];
    if (pipe(pipe_ends) != 0) return {Verdict::fail, std::string("cannot make a pipe: ") + std::strerror(errno), 0};
    std::fflush(nullptr);
    const auto started = steady_clock::now();
    const pid_t child = fork();
    if (child < 0) return {Verdict::fail, std::string("cannot fork: ") + std::strerror(errno), 0};
    if (child == 0) {
        close(pipe_ends[0]);
        confine(options);
        const Ending e = body();
        send(pipe_ends[1], std::string(1, static_cast<char>('0' + static_cast<int>(e.verdict))) + e.text);
        _exit(0);
    }
    close(pipe_ends[1]);
    std::string said;
    bool late = false;
    const auto until = started + seconds(options.timeout_seconds);
    for (;;) {
        const auto left = duration_cast<milliseconds>(until - steady_clock::now()).count();
        pollfd p{pipe_ends[0], POLLIN, 0};
        const int ready = left > 0 ? poll(&p, 1, static_cast<int>(left)) : 0;
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) {
            late = true;
            break;
        }
        char buffer[4096];
        const ssize_t n = read(pipe_ends[0], buffer, sizeof buffer);
        if (n <= 0) break;
        said.append(buffer, static_cast<size_t>(n));
    }
    close(pipe_ends[0]);
    if (late) kill(child, SIGKILL);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    const auto ms = static_cast<uint64_t>(duration_cast<milliseconds>(steady_clock::now() - started).count());
    if (late)
        return {Verdict::fail,
                "hang: no return" + in_call() + " within " + std::to_string(options.timeout_seconds) + " s", ms};
    if (WIFSIGNALED(status))
        return {Verdict::crash, std::string("SIG") + sigabbrev_np(WTERMSIG(status)) + in_call(), ms};
    if (said.empty())
        return {WEXITSTATUS(status) == 0 ? Verdict::fail : Verdict::crash,
                "the process ended" + in_call() + " with exit status " + std::to_string(WEXITSTATUS(status)), ms};
    return {static_cast<Verdict>(said[0] - '0'), said.substr(1), ms};
}

Ending guarded(const std::function<Ending()> &body) {
    try {
        return body();
    } catch (const Ending &e) { return e; } catch (const std::exception &e) {
        return {Verdict::fail, std::string("the test could not go on: ") + e.what()};
    }
}

} // namespace

void set_call(const char *call) noexcept {
    if (Shared *s = shared_memory()) {
        std::strncpy(s->call, call, sizeof s->call - 1);
        s->call[sizeof s->call - 1] = '\0';
    }
}

Result run_test(const Test &test, const Options &options, const Package &package, int component) {
    return in_child(options, [&] {
        return guarded([&]() -> Ending {
            Context t(options, package, nullptr);
            if (component >= 0) t.component = t.plugin().components[component];
            test.run(t);
            return t.warning().empty() ? Ending{Verdict::pass, {}} : Ending{Verdict::warn, t.warning()};
        });
    });
}

Result read_components(const Options &options, const Package &package, std::vector<ComponentName> &out) {
    const Result r = in_child(options, [&] {
        return guarded([&]() -> Ending {
            Context t(options, package, nullptr);
            std::string lines;
            for (auto *c = t.plugin().components; c && *c; ++c)
                lines += std::string((*c)->id) + "\t" + (*c)->kind + "\n";
            return {Verdict::pass, lines};
        });
    });
    if (r.verdict != Verdict::pass) return r;
    for (size_t at = 0; at < r.text.size();) {
        const size_t tab = r.text.find('\t', at), end = r.text.find('\n', at);
        out.push_back({r.text.substr(at, tab - at), r.text.substr(tab + 1, end - tab - 1)});
        at = end + 1;
    }
    return r;
}

} // namespace check
