// core/control/runtime/commit_thread.hpp -- the store's one thread: group commits, retries with back-off, then lets
// effects go.
#pragma once
#include "control/committer.hpp"
#include "control/config.hpp"
#include "control/control_metrics.hpp"
#include "domain/ports/log.hpp"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace rigger {

/// Thread-safe. Nothing is lost while the store fails: it waits, in order.
class CommitThread {
public:
    struct Duties {
        std::function<void(Effect)> dispatch;     ///< an effect whose writes are durable; does not block
        std::function<void(CommitReport)> report; ///< after each failed attempt, and once after recovery
    };
    CommitThread(Store &store, const Clock &clock, ControlMetrics &metrics, Log &log, const ControlConfig &config,
                 Duties duties);
    ~CommitThread(); ///< stop() with no patience

    void push(std::vector<Write> writes, std::vector<Effect> effects);
    /// Commits what waits, starts no effect any more. False: the store did not take all of it in time; the next start
    /// knows less, and nothing wrong.
    bool stop(Duration patience);
    size_t waiting() const;

private:
    void run();
    bool commit_once(std::unique_lock<std::mutex> &hold);
    void trim(std::unique_lock<std::mutex> &hold);

    Store &store_;
    const Clock &clock_;
    ControlMetrics &metrics_;
    Log &log_;
    const Duration retry_first_, retry_cap_, journal_keep_;
    const size_t journal_keep_entries_;
    Duties duties_;
    mutable std::mutex lock_;
    std::condition_variable changed_;
    CommitQueue queue_;
    bool stopping_ = false, failing_ = false, ended_ = false;
    MonoTime stop_by_, next_trim_;
    uint64_t failures_ = 0;
    std::thread thread_;
};

} // namespace rigger
