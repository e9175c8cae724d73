// core/host/pool.hpp -- worker threads per kind of plugin, and the queue that each instance has in front of them.
//
// A Pool starts threads as they are needed, up to its limit. A thread that is stuck in a plugin is given up: it is
// detached, leaves when it ever comes back, and no longer counts. A Lane lets at most `parallel` of its tasks run at
// once, in order; with 1 it is a strand. Thread-safe. Tasks must not throw.
#pragma once
#include "base/status.hpp"

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace rigger::host {

class Pool {
public:
    /// One thread of a pool, as its task sees it. Once `lost`, the thread ends after its task, and somebody calls
    /// give_up().
    struct Worker {
        std::atomic<bool> lost{false};
    };
    using Task = std::function<void(const std::shared_ptr<Worker> &)>;

    /// 0 threads: run() does the task itself, on the thread that calls it. Nothing can release that thread from a task.
    Pool(std::string name, size_t max_threads);
    ~Pool(); ///< stop()

    /// false: the pool is stopped.
    bool run(Task task);
    /// The worker is stuck: another thread may take its place.
    void give_up(const std::shared_ptr<Worker> &worker);
    /// Runs what is queued, joins all threads that are not stuck. Idempotent.
    void stop();
    size_t stuck() const;
    size_t max_threads() const noexcept;

private:
    struct Core;
    std::shared_ptr<Core> core_;
};

class Lane : public std::enable_shared_from_this<Lane> {
public:
    Lane(std::shared_ptr<Pool> pool, size_t parallel, size_t bound);

    /// Errors: exhausted QueueFull; unavailable when the pool is stopped or the lane closed.
    Status run(Pool::Task task);
    /// Takes no more tasks and drops those that wait.
    void close();
    /// A task of this lane will never end: its place is free for another one.
    void give_up(const std::shared_ptr<Pool::Worker> &worker);
    Pool &pool() noexcept { return *pool_; }

private:
    Status start(Pool::Task task);
    void finished(bool lost);
    Pool::Task next_locked(); ///< empty: none may run now

    std::shared_ptr<Pool> pool_;
    const size_t parallel_, bound_;
    std::mutex mutex_;
    std::deque<Pool::Task> waiting_;
    size_t running_ = 0;
    bool closed_ = false;
};

} // namespace rigger::host
