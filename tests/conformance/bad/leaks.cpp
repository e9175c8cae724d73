// Keeps or takes what it must not: a thread past stop(), memory, a file, the whole address space, the process.
#include "honest.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

namespace {

class Leaks final : public bad::Honest {
public:
    using Honest::Honest;

    rig::Status start() override {
#if defined(BAD_THREAD)
        std::thread([] {
            for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
        }).detach();
#elif defined(BAD_MEMORY)
        keep_ = static_cast<char *>(std::malloc(kLeak));
        if (keep_) std::memset(keep_, 1, kLeak);
#elif defined(BAD_FILE)
        file_ = std::fopen("/dev/null", "r");
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
#endif
        return Honest::score(b);
    }

private:
    static constexpr size_t kLeak = 256 * 1024;
    [[maybe_unused]] char *volatile keep_ = nullptr;
    [[maybe_unused]] std::FILE *volatile file_ = nullptr;
};

} // namespace

BAD_SCORER(Leaks, RIG_COMPONENT_CONCURRENT | RIG_COMPONENT_PURE);
