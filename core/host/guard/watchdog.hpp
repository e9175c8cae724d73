// core/host/guard/watchdog.hpp -- every call into a plugin, from the moment it is asked for until it returned or was
// given up.
//
// A caller makes a GuardedCall, queues it, and waits. The watchdog's pass sets the cancel flag at the soft deadline (or
// when the caller cancels, or when a watch falls silent) and gives the call up at the hard one: the caller is released,
// the instance is written off. Everything that the plugin may still touch is owned by the call and lives until the
// thread comes back, if ever.
#pragma once
#include "base/status.hpp"
#include "base/time.hpp"
#include "domain/ports/call.hpp"
#include "host/guard/budget.hpp"
#include "host/guard/ledger.hpp"
#include "host/pool.hpp"

#include <rigger/abi/base.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace rigger::host {

/// Shared by caller, worker and watchdog. What is not atomic is guarded by `mutex`, except where a comment says who
/// alone uses it.
struct GuardedCall {
    enum class Phase : uint8_t { queued, running, done, skipped, given_up };

    const char *name = "";    ///< static text
    bool to_a_person = false; ///< as in CallSpec
    rig_call call{};          ///< what the plugin gets; read by it alone once running
    rig_error error{};        ///< written by the plugin; read by the caller once done
    std::atomic<uint32_t> cancelled{0};
    bool open_ended = false; ///< a watch, or logs that are followed: no end of its own
    Duration hard{0};        ///< after the start, open-ended ones after their cancellation; 0: no limit
    bool stopping = false;   ///< the instance stops: the hard limit counts from the cancellation
    Duration heartbeat{0};   ///< not 0: silence for this long ends it
    std::atomic<uint64_t> last_beat_ns{0};
    std::atomic<uint32_t> in_host{0}; ///< > 0: the plugin called us back, the time is ours
    Ledger::Entry *noted = nullptr;   ///< while running; of its thread alone
    std::function<rig_code()> body;   ///< the call into the plugin; owns its inputs and outputs

    std::mutex mutex;
    std::condition_variable changed;
    std::atomic<Phase> phase{Phase::queued};
    const std::atomic<uint32_t> *caller_cancelled = nullptr; ///< the caller's flag; null once he has left
    MonoTime queued_at, started_at, cancelled_at, ended_at;
    uint64_t soft_deadline_ns = UINT64_MAX;
    Duration cpu{0};
    rig_code code = RIG_OK;
    bool escaped = false; ///< an exception crossed the border
    std::string escaped_text;
    std::shared_ptr<Pool::Worker> worker; ///< while running
    std::shared_ptr<Lane> lane;
    std::function<void(const std::shared_ptr<GuardedCall> &)> on_given_up; ///< called by the watchdog, without locks

    void beat(MonoTime now) noexcept { last_beat_ns.store(now.ns, std::memory_order_relaxed); }
};

/// Thread-safe. scan() may be called by hand instead of start(). Time in which its own thread did not get to run -- the
/// machine slept, was moved, or had a thousand other things to do -- was nobody's: the calls get it back (forgive).
class Watchdog {
public:
    /// `tick` runs with every pass, after the calls were looked at, and answers when it wants to run again (UINT64_MAX:
    /// not by itself).
    Watchdog(const Clock &clock, std::function<MonoTime(MonoTime)> tick);
    ~Watchdog();

    void add(const std::shared_ptr<GuardedCall> &call);
    void remove(const std::shared_ptr<GuardedCall> &call);
    void scan();
    /// Calls that were asked for by `before` have lost this much time through no fault of theirs.
    void forgive(MonoTime before, Duration lost);
    void start();
    void stop();
    void wake(); ///< something is due earlier than was known
    /// The process ends: from then on no call has more than a moment.
    void end_by(MonoTime when);
    bool ending(MonoTime now) const noexcept { return now.ns >= ending_by_.load(std::memory_order_relaxed); }
    size_t active() const;

private:
    void look_at(const std::shared_ptr<GuardedCall> &call, MonoTime now);
    void loop();

    const Clock &clock_;
    std::function<MonoTime(MonoTime)> tick_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<std::shared_ptr<GuardedCall>> calls_;
    size_t open_ended_ = 0;
    bool stopping_ = false, woken_ = false;
    bool long_sleep_ = false;
    MonoTime next_tick_{0};
    std::atomic<uint64_t> ending_by_{UINT64_MAX};
    std::thread thread_;
};

} // namespace rigger::host
