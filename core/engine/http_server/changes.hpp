// engine/http_server/changes.hpp -- the version of the published snapshot, and a way to sleep until it is another one.
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace rigger::http_server {

/// Thread-safe.
class Changes {
public:
    void set(uint64_t version) {
        {
            const std::lock_guard lock(mutex_);
            version_ = version;
        }
        changed_.notify_all();
    }
    uint64_t version() const {
        const std::lock_guard lock(mutex_);
        return version_;
    }
    /// Lets every sleeper look at its `cancelled` flag.
    void wake() {
        { const std::lock_guard lock(mutex_); } // whoever has just looked at his flag is asleep now
        changed_.notify_all();
    }
    /// True: the version is not `seen` any more. Returns early when `cancelled` is set and wake() was called.
    bool wait(uint64_t seen, std::chrono::milliseconds at_most, const std::atomic<uint32_t> &cancelled) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, at_most, [&] { return version_ != seen || cancelled.load() != 0; });
        return version_ != seen;
    }
    /// Sleeps, changes or not, unless cancelled.
    void pause(std::chrono::milliseconds span, const std::atomic<uint32_t> &cancelled) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, span, [&] { return cancelled.load() != 0; });
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    uint64_t version_ = 0;
};

} // namespace rigger::http_server
