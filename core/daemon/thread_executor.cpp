#include "daemon/thread_executor.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace rigger::daemon {

struct ThreadExecutor::Pool {
    std::mutex mutex;
    std::condition_variable wake, done;
    const std::function<void(size_t, size_t)> *task = nullptr;
    size_t chunks = 0, busy = 0;
    uint64_t round = 0;
    bool closing = false;
    std::atomic<size_t> next{0};
    std::vector<std::thread> helpers;

    void work(size_t worker) {
        for (size_t chunk; (chunk = next.fetch_add(1, std::memory_order_relaxed)) < chunks;) (*task)(chunk, worker);
    }

    void help(size_t worker) {
        uint64_t seen = 0;
        std::unique_lock lock(mutex);
        for (;;) {
            wake.wait(lock, [&] { return closing || round != seen; });
            if (closing) return;
            seen = round;
            lock.unlock();
            work(worker);
            lock.lock();
            if (--busy == 0) done.notify_one();
        }
    }
};

ThreadExecutor::ThreadExecutor(size_t width) : pool_(std::make_unique<Pool>()) {
    if (width == 0) width = std::max(1u, std::thread::hardware_concurrency());
    for (size_t worker = 1; worker < width; ++worker)
        pool_->helpers.emplace_back([pool = pool_.get(), worker] { pool->help(worker); });
}

ThreadExecutor::~ThreadExecutor() {
    {
        const std::lock_guard lock(pool_->mutex);
        pool_->closing = true;
    }
    pool_->wake.notify_all();
    for (auto &helper : pool_->helpers) helper.join();
}

size_t ThreadExecutor::width() const noexcept { return pool_->helpers.size() + 1; }

void ThreadExecutor::run(size_t chunks, const std::function<void(size_t, size_t)> &task) {
    {
        const std::lock_guard lock(pool_->mutex);
        pool_->task = &task;
        pool_->chunks = chunks;
        pool_->next.store(0, std::memory_order_relaxed);
        pool_->busy = pool_->helpers.size();
        ++pool_->round;
    }
    pool_->wake.notify_all();
    pool_->work(0);
    std::unique_lock lock(pool_->mutex);
    pool_->done.wait(lock, [&] { return pool_->busy == 0; });
}

} // namespace rigger::daemon
