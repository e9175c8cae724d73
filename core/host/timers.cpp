#include "host/timers.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace rigger::host {

uint64_t Timers::add(MonoTime at, Duration period, std::function<void()> callback) {
    const std::lock_guard lock(mutex_);
    const uint64_t id = ++last_;
    entries_.emplace(id, Entry{at, period, std::move(callback)});
    due_.emplace(at.ns, id);
    return id;
}

void Timers::cancel(uint64_t timer) {
    const std::lock_guard lock(mutex_);
    const auto entry = entries_.find(timer);
    if (entry == entries_.end()) return;
    auto [at, end] = due_.equal_range(entry->second.at.ns);
    at = std::find_if(at, end, [&](const auto &d) { return d.second == timer; });
    if (at != end) due_.erase(at);
    entries_.erase(entry);
}

MonoTime Timers::fire(MonoTime now) {
    std::vector<std::function<void()>> callbacks;
    {
        const std::lock_guard lock(mutex_);
        while (!due_.empty() && due_.begin()->first <= now.ns) {
            const uint64_t id = due_.begin()->second;
            due_.erase(due_.begin());
            const auto entry = entries_.find(id);
            callbacks.push_back(entry->second.callback);
            if (entry->second.period.count() == 0) {
                entries_.erase(entry);
                continue;
            }
            // Missed periods are not made up for: a burst after a stall helps nobody.
            MonoTime next = entry->second.at + entry->second.period;
            if (next <= now) next = now + entry->second.period;
            entry->second.at = next;
            due_.emplace(next.ns, id);
        }
    }
    for (const auto &callback : callbacks) callback();
    return next();
}

MonoTime Timers::next() const {
    const std::lock_guard lock(mutex_);
    return MonoTime{due_.empty() ? UINT64_MAX : due_.begin()->first};
}

} // namespace rigger::host
