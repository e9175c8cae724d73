// core/control/runtime/message_queue.hpp -- many producers, one consumer, in order. Watches wait when it is full; the
// loop's own messages never do.
#pragma once
#include "base/time.hpp"
#include "control/messages.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

namespace rigger {

/// Thread-safe.
class MessageQueue {
public:
    struct Item {
        Message message;
        MonoTime at; ///< when it was put in
    };
    explicit MessageQueue(size_t limit) : limit_(limit) {}

    void push(Message message, MonoTime now);
    /// Waits while the queue is full. False: closed, or `give_up` was raised; the message is dropped.
    bool push_or_wait(Message message, MonoTime now, const std::atomic<uint32_t> &give_up);
    /// The next one; nullopt: nothing came within `wait`, or closed.
    std::optional<Item> pop(std::optional<Duration> wait);
    void close();
    size_t size() const;
    /// While set, watches wait as if the queue were full: what was decided cannot be made durable.
    void set_congested(bool congested);

private:
    mutable std::mutex lock_;
    std::condition_variable not_empty_, not_full_;
    std::deque<Item> items_;
    size_t limit_;
    bool closed_ = false, congested_ = false;
};

} // namespace rigger
