// core/control/runtime/watch_thread.hpp -- keeps one watch of a plugin running: reconnects with growing pauses, lists
// anew on request.
#pragma once
#include "base/status.hpp"
#include "base/time.hpp"
#include "domain/ports/call.hpp"

#include <functional>
#include <memory>
#include <string>

namespace rigger {

struct WatchTimes {
    Duration first{}, cap{}, stable{};
};

/// Thread-safe. The thread starts with the object.
class WatchThread {
public:
    struct Duties {
        /// Blocks while the watch holds. `fresh`: without a resume token, so that it lists everything.
        std::function<Status(const CallContext &, bool fresh)> watch;
        /// It ended by itself. `attempts`: failures in a row.
        std::function<void(const Error &, unsigned attempts)> ended;
    };
    WatchThread(Duties duties, WatchTimes times, const Clock &clock, uint64_t jitter_seed);
    /// Asks it to end and leaves it; stop() waits.
    ~WatchThread();

    /// Ends the running call; the next one lists anew at once. Contact does not count as lost.
    void relist();
    void cancel();
    /// cancel(), then waits. False: the call did not return within the patience; its thread is left behind.
    bool stop(Duration patience);

private:
    struct State;
    static void run(const std::shared_ptr<State> &state);
    std::shared_ptr<State> state_;
};

} // namespace rigger
