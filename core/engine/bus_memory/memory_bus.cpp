#include "engine/bus_memory/memory_bus.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace rigger {
namespace {

/// One subscription, as the bus knows it. Kept alive by both the bus and the subscriber's handle.
struct Entry {
    std::string pattern;
    BusListener &listener;
    bool open = true;     ///< guarded by the bus's mutex
    bool in_call = false; ///< guarded by the bus's mutex: the listener runs just now
};

struct Shared {
    explicit Shared(size_t limit) : queue_limit(limit) {}
    const size_t queue_limit;
    std::mutex mutex;
    std::condition_variable call_ended;
    std::vector<std::shared_ptr<Entry>> entries;
    std::deque<BusEvent> queue;
    bool overflown = false;
    bool delivering = false;
    std::thread::id deliverer; ///< valid while `delivering`
};

class Subscription final : public BusSubscription {
public:
    Subscription(std::shared_ptr<Shared> shared, std::shared_ptr<Entry> entry)
        : shared_(std::move(shared)), entry_(std::move(entry)) {}
    ~Subscription() override {
        std::unique_lock lock(shared_->mutex);
        entry_->open = false;
        std::erase(shared_->entries, entry_);
        const bool own_call = shared_->delivering && shared_->deliverer == std::this_thread::get_id();
        if (!own_call) shared_->call_ended.wait(lock, [this] { return !entry_->in_call; });
    }

private:
    const std::shared_ptr<Shared> shared_;
    const std::shared_ptr<Entry> entry_;
};

class MemoryBus final : public Bus {
public:
    explicit MemoryBus(size_t queue_limit) : shared_(std::make_shared<Shared>(queue_limit)) {}

    Status publish(BusEvent event) override {
        if (!valid_topic(event.topic)) return invalid("BusTopic", "'" + event.topic.substr(0, 80) + "' is not a topic");
        std::unique_lock lock(shared_->mutex);
        if (shared_->queue.size() >= shared_->queue_limit) {
            shared_->overflown = true;
            return Error{Code::unavailable, "BusFull",
                         "the event bus is full: " + std::to_string(shared_->queue_limit) + " events wait; '" +
                             event.topic + "' is dropped",
                         100};
        }
        shared_->queue.push_back(std::move(event));
        if (!shared_->delivering) deliver(lock);
        return {};
    }

    Result<std::unique_ptr<BusSubscription>> subscribe(std::string_view pattern, BusListener &listener) override {
        if (!valid_topic_pattern(pattern))
            return invalid("BusPattern", "'" + std::string(pattern.substr(0, 80)) +
                                             "' is not a topic or a topic's beginning with '*'");
        auto entry = std::make_shared<Entry>(Entry{std::string(pattern), listener});
        const std::lock_guard lock(shared_->mutex);
        shared_->entries.push_back(entry);
        return std::unique_ptr<BusSubscription>(new Subscription(shared_, std::move(entry)));
    }

private:
    void deliver(std::unique_lock<std::mutex> &lock) {
        shared_->delivering = true;
        shared_->deliverer = std::this_thread::get_id();
        while (!shared_->queue.empty() || shared_->overflown) {
            if (shared_->queue.empty()) {
                shared_->overflown = false;
                for (const auto &entry : std::vector(shared_->entries))
                    call(lock, *entry,
                         [&](BusListener &listener) { listener.gap("more events waited than the bus may hold"); });
                continue;
            }
            const BusEvent event = std::move(shared_->queue.front());
            shared_->queue.pop_front();
            for (const auto &entry : std::vector(shared_->entries))
                if (topic_matches(entry->pattern, event.topic))
                    call(lock, *entry, [&](BusListener &listener) { listener.event(event); });
        }
        shared_->delivering = false;
    }

    template <typename F> void call(std::unique_lock<std::mutex> &lock, Entry &entry, const F &function) {
        if (!entry.open) return;
        entry.in_call = true;
        lock.unlock();
        function(entry.listener);
        lock.lock();
        entry.in_call = false;
        shared_->call_ended.notify_all();
    }

    const std::shared_ptr<Shared> shared_;
};

} // namespace

std::unique_ptr<Bus> make_memory_bus(size_t queue_limit) { return std::make_unique<MemoryBus>(queue_limit); }

} // namespace rigger
