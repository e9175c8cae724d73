// Keeps or takes what it must not: a thread past stop(), memory, a file, the whole address space, the process, the
// stack of a thread of its own.
#include "honest.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

namespace {

[[maybe_unused]] int deeper(volatile char *above) {
    volatile char here[1024];
    here[0] = *above;
    return above[0] != 0 ? deeper(here) + here[0] : 0;
}

[[maybe_unused]] void close_all() {
    for (int fd = 3; fd < 1024; ++fd) ::close(fd);
}

class Leaks final : public bad::Honest {
public:
    Leaks(rig::Host host, std::string_view config) : Honest(host, config), host_(host) {}

    rig::Status start() override {
#if defined(BAD_THREAD)
        std::thread([] {
            for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
        }).detach();
#elif defined(BAD_CALLS)
        std::thread([host = host_] {
            const auto *clock = host.table<rig_clock>(RIG_SERVICE_CLOCK);
            while (clock) {
                host.log(rig::Level::info, "still here");
                (void)clock->monotonic_ns(host.raw());
            }
        }).detach();
#elif defined(BAD_MEMORY)
        keep_ = static_cast<char *>(std::malloc(kLeak));
        if (keep_) std::memset(keep_, 1, kLeak);
#elif defined(BAD_FILE)
        file_ = std::fopen("/dev/null", "r");
#elif defined(BAD_OVERFLOW)
        std::thread([this] {
            host_.log(rig::Level::info, "a thread that the host hears of");
            volatile char here = 1;
            deeper(&here);
        }).join();
#elif defined(BAD_FORK) || defined(BAD_FORK_EXIT) || defined(BAD_FORK_CRASH)
        const pid_t child = ::fork();
#if defined(BAD_FORK_EXIT)
        if (child == 0) std::exit(3);
#elif defined(BAD_FORK_CRASH)
        if (child == 0) *static_cast<volatile int *>(nullptr) = 1;
#else
        if (child == 0) return {};
#endif
        int status = 0;
        ::waitpid(child, &status, 0);
#elif defined(BAD_ENVIRONMENT)
        ::setenv("RIGGER_BAD", "1", 1);
#elif defined(BAD_CLOSE)
        close_all();
#endif
        return {};
    }
    rig::Status score(const rig::ScoreBatch &b) override {
#if defined(BAD_ENDLESS) // untouched, so that it fills the address space and not the machine
        std::vector<std::unique_ptr<char[]>> hoard;
        for (;;) hoard.emplace_back(new char[size_t(1) << 30]);
#elif defined(BAD_EXIT)
        std::exit(0);
#elif defined(BAD_QUICK_EXIT)
        std::quick_exit(0);
#elif defined(BAD_CLOSE_LATER)
        close_all();
#elif defined(BAD_VANISH)
        ::_exit(0);
#elif defined(BAD_KILL)
        ::kill(::getpid(), SIGKILL);
#elif defined(BAD_RESET)
        std::signal(SIGSEGV, SIG_DFL);
        *static_cast<volatile int *>(nullptr) = 1;
#endif
        return Honest::score(b);
    }

private:
    static constexpr size_t kLeak = 256 * 1024;
    [[maybe_unused]] char *volatile keep_ = nullptr;
    [[maybe_unused]] std::FILE *volatile file_ = nullptr;
    [[maybe_unused]] rig::Host host_;
};

} // namespace

BAD_SCORER(Leaks, RIG_COMPONENT_CONCURRENT | RIG_COMPONENT_PURE);
