#include "control/runtime/commit_thread.hpp"

#include <algorithm>

namespace rigger {
namespace {
constexpr Duration trim_period = std::chrono::hours(1);
}

CommitThread::CommitThread(Store &store, const Clock &clock, ControlMetrics &metrics, Log &log,
                           const ControlConfig &config, Duties duties)
    : store_(store), clock_(clock), metrics_(metrics), log_(log), retry_first_(config.commit_retry_first),
      retry_cap_(config.commit_retry_cap), journal_keep_(config.journal_keep),
      journal_keep_entries_(config.journal_keep_entries), duties_(std::move(duties)),
      next_trim_(clock.monotonic() + std::chrono::minutes(1)) {
    thread_ = std::thread([this] { run(); });
}

CommitThread::~CommitThread() { stop(Duration::zero()); }

void CommitThread::push(std::vector<Write> writes, std::vector<Effect> effects) {
    if (writes.empty() && effects.empty()) return;
    std::vector<Effect> refusals;
    {
        const std::lock_guard hold(lock_);
        refusals = queue_.push(std::move(writes), std::move(effects));
    }
    changed_.notify_one();
    for (Effect &refusal : refusals) duties_.dispatch(std::move(refusal));
}

bool CommitThread::commit_once(std::unique_lock<std::mutex> &hold) {
    const CommitQueue::Batch batch = queue_.next_batch();
    hold.unlock();
    const MonoTime begun = clock_.monotonic();
    const Status done = batch.writes.empty() ? Status() : store_.commit(batch.writes);
    if (!batch.writes.empty()) metrics_.commit(in_seconds(clock_.monotonic() - begun), done.ok());
    hold.lock();
    if (!done.ok()) {
        ++failures_;
        failing_ = true;
        const CommitReport report{true, done.error(), queue_.size(), failures_};
        hold.unlock();
        duties_.report(report);
        hold.lock();
        return false;
    }
    std::vector<Effect> effects = queue_.committed(batch);
    const bool recovered = failing_, stopping = stopping_;
    failing_ = false;
    const CommitReport report{false, {}, queue_.size(), failures_};
    hold.unlock();
    if (recovered) duties_.report(report);
    for (Effect &effect : effects)
        // While stopping only answers go out: the next start begins the other effects again.
        if (!stopping || std::holds_alternative<ReplyEffect>(effect.what)) duties_.dispatch(std::move(effect));
    hold.lock();
    return true;
}

void CommitThread::trim(std::unique_lock<std::mutex> &hold) {
    next_trim_ = clock_.monotonic() + trim_period;
    hold.unlock();
    if (const Status done = store_.trim_journal(clock_.wall() + -journal_keep_, journal_keep_entries_); !done.ok())
        log_.write(LogLevel::warn, "store",
                   "cannot trim the journal: " + done.error().message + "; it grows until this works again");
    hold.lock();
}

void CommitThread::run() {
    Duration pause = retry_first_;
    std::unique_lock hold(lock_);
    for (;;) {
        if (queue_.empty()) {
            if (stopping_) break;
            if (clock_.monotonic() >= next_trim_) trim(hold);
            changed_.wait_for(hold, std::chrono::seconds(10), [&] { return stopping_ || !queue_.empty(); });
            continue;
        }
        if (commit_once(hold)) {
            pause = retry_first_;
            continue;
        }
        if (stopping_ && clock_.monotonic() >= stop_by_) break;
        changed_.wait_for(hold, pause, [&] { return stopping_; });
        if (stopping_) changed_.wait_for(hold, retry_first_); // a last few tries, without spinning
        pause = std::min(pause * 2, retry_cap_);
    }
    ended_ = true;
    changed_.notify_all();
}

bool CommitThread::stop(Duration patience) {
    {
        const std::lock_guard hold(lock_);
        if (!stopping_) stop_by_ = clock_.monotonic() + patience;
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
    const std::lock_guard hold(lock_);
    return queue_.empty();
}

size_t CommitThread::waiting() const {
    const std::lock_guard hold(lock_);
    return queue_.size();
}

} // namespace rigger
