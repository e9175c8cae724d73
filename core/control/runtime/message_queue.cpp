#include "control/runtime/message_queue.hpp"

namespace rigger {

void MessageQueue::push(Message message, MonoTime now) {
    {
        const std::lock_guard hold(lock_);
        if (closed_) return;
        items_.push_back({std::move(message), now});
    }
    not_empty_.notify_one();
}

bool MessageQueue::push_or_wait(Message message, MonoTime now, const std::atomic<uint32_t> &give_up) {
    {
        std::unique_lock hold(lock_);
        while (!closed_ && give_up.load() == 0 && (congested_ || items_.size() >= limit_))
            not_full_.wait_for(hold, std::chrono::milliseconds(100));
        if (closed_ || give_up.load() != 0) return false;
        items_.push_back({std::move(message), now});
    }
    not_empty_.notify_one();
    return true;
}

std::optional<MessageQueue::Item> MessageQueue::pop(std::optional<Duration> wait) {
    std::unique_lock hold(lock_);
    const auto ready = [&] { return closed_ || !items_.empty(); };
    if (wait) not_empty_.wait_for(hold, *wait, ready);
    else not_empty_.wait(hold, ready);
    if (items_.empty() || closed_) return std::nullopt;
    Item item = std::move(items_.front());
    items_.pop_front();
    const bool was_full = items_.size() + 1 == limit_;
    hold.unlock();
    if (was_full) not_full_.notify_all();
    return item;
}

void MessageQueue::close() {
    {
        const std::lock_guard hold(lock_);
        closed_ = true;
    }
    not_empty_.notify_all();
    not_full_.notify_all();
}

size_t MessageQueue::size() const {
    const std::lock_guard hold(lock_);
    return items_.size();
}

void MessageQueue::set_congested(bool congested) {
    {
        const std::lock_guard hold(lock_);
        congested_ = congested;
    }
    if (!congested) not_full_.notify_all();
}

} // namespace rigger
