#include "host/pool.hpp"

#include "host/guard/crash.hpp"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <thread>
#include <utility>
#include <vector>

namespace rigger::host {

struct Pool::Core {
    std::string name;
    size_t max_threads = 1;
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<Task> queue;
    struct Thread {
        std::shared_ptr<Worker> worker;
        std::thread thread;
    };
    std::vector<Thread> threads; ///< those that are not lost
    size_t idle = 0, lost = 0;
    bool stopping = false;

    static void loop(const std::shared_ptr<Core> &core, const std::shared_ptr<Worker> &worker) {
        const HostThread host;
        ::pthread_setname_np(::pthread_self(), core->name.substr(0, 15).c_str());
        std::unique_lock lock(core->mutex);
        while (!worker->lost.load(std::memory_order_relaxed)) {
            ++core->idle;
            core->wake.wait(lock, [&] { return core->stopping || !core->queue.empty(); });
            --core->idle;
            if (core->queue.empty()) return;
            Task task = std::move(core->queue.front());
            core->queue.pop_front();
            lock.unlock();
            task(worker);
            task = nullptr;
            lock.lock();
        }
        --core->lost;
    }

    /// With the lock held. One idle thread may have been woken for an earlier task, hence the comparison with the
    /// queue.
    void grow(const std::shared_ptr<Core> &self) {
        if (idle >= queue.size() || threads.size() >= max_threads) return;
        auto worker = std::make_shared<Worker>();
        threads.push_back({worker, std::thread([self, worker] { loop(self, worker); })});
    }
};

Pool::Pool(std::string name, size_t max_threads) : core_(std::make_shared<Core>()) {
    core_->name = std::move(name);
    core_->max_threads = max_threads;
}
Pool::~Pool() { stop(); }

bool Pool::run(Task task) {
    {
        const std::lock_guard lock(core_->mutex);
        if (core_->stopping) return false;
        if (core_->max_threads > 0) {
            core_->queue.push_back(std::move(task));
            core_->grow(core_);
        }
    }
    if (core_->max_threads > 0) core_->wake.notify_one();
    else task(std::make_shared<Worker>());
    return true;
}

void Pool::give_up(const std::shared_ptr<Worker> &worker) {
    const std::lock_guard lock(core_->mutex);
    worker->lost = true;
    const auto at = std::find_if(core_->threads.begin(), core_->threads.end(),
                                 [&](const Core::Thread &t) { return t.worker == worker; });
    if (at == core_->threads.end()) return;
    ++core_->lost;
    at->thread.detach();
    core_->threads.erase(at);
    if (!core_->queue.empty()) core_->grow(core_);
}

void Pool::stop() {
    std::vector<Core::Thread> threads;
    {
        const std::lock_guard lock(core_->mutex);
        core_->stopping = true;
        threads.swap(core_->threads);
    }
    core_->wake.notify_all();
    for (auto &t : threads)
        if (t.worker->lost) t.thread.detach(); // given up this moment: it may never end
        else t.thread.join();
}

size_t Pool::stuck() const {
    const std::lock_guard lock(core_->mutex);
    return core_->lost;
}
size_t Pool::max_threads() const noexcept { return core_->max_threads; }

Lane::Lane(std::shared_ptr<Pool> pool, size_t parallel, size_t bound)
    : pool_(std::move(pool)), parallel_(std::max<size_t>(1, parallel)), bound_(bound) {}

Status Lane::run(Pool::Task task) {
    {
        const std::lock_guard lock(mutex_);
        if (closed_) return Error{Code::unavailable, "NotRunning", "the instance is stopped", 0};
        if (running_ >= parallel_ || !waiting_.empty()) {
            if (waiting_.size() >= bound_)
                return Error{
                    Code::exhausted, "QueueFull",
                    "the instance's queue is full (" + std::to_string(bound_) + " calls wait); try again later", 1000};
            waiting_.push_back(std::move(task));
            return {};
        }
        ++running_;
    }
    return start(std::move(task));
}

/// Without the lock, since a pool may run the task here and now.
Status Lane::start(Pool::Task task) {
    const bool begun =
        pool_->run([self = shared_from_this(), task = std::move(task)](const std::shared_ptr<Pool::Worker> &worker) {
            task(worker);
            self->finished(worker->lost.load());
        });
    if (begun) return {};
    const std::lock_guard lock(mutex_);
    --running_;
    return Error{Code::unavailable, "NotRunning", "the plugin host is stopped", 0};
}

void Lane::finished(bool lost) {
    if (lost) return; // give_up() frees the place of a lost one
    Pool::Task next;
    {
        const std::lock_guard lock(mutex_);
        --running_;
        next = next_locked();
    }
    if (next) (void)start(std::move(next));
}

Pool::Task Lane::next_locked() {
    if (closed_ || running_ >= parallel_ || waiting_.empty()) return {};
    Pool::Task next = std::move(waiting_.front());
    waiting_.pop_front();
    ++running_;
    return next;
}

void Lane::close() {
    std::deque<Pool::Task> dropped;
    const std::lock_guard lock(mutex_);
    closed_ = true;
    dropped.swap(waiting_);
}

void Lane::give_up(const std::shared_ptr<Pool::Worker> &worker) {
    pool_->give_up(worker);
    finished(false);
}

} // namespace rigger::host
