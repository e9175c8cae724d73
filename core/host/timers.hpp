// core/host/timers.hpp -- callbacks at a time, for all instances. Driven by the watchdog's pass; time is an argument.
#pragma once
#include "base/time.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>

namespace rigger::host {

/// Thread-safe. A callback runs without locks on the thread that calls fire(), and must not block: it posts to a
/// strand.
class Timers {
public:
    /// period 0: once. The answer is never 0.
    uint64_t add(MonoTime at, Duration period, std::function<void()> callback);
    void cancel(uint64_t timer);
    /// Runs what is due. The answer: when the next one is due; UINT64_MAX: none.
    MonoTime fire(MonoTime now);
    MonoTime next() const;

private:
    struct Entry {
        MonoTime at;
        Duration period;
        std::function<void()> callback;
    };
    mutable std::mutex mutex_;
    std::map<uint64_t, Entry> entries_;
    std::multimap<uint64_t, uint64_t> due_; ///< time -> timer
    uint64_t last_ = 0;
};

} // namespace rigger::host
