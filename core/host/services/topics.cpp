#include "host/services/topics.hpp"

#include <algorithm>
#include <utility>

namespace rigger::host {
namespace {
bool matches(std::string_view pattern, std::string_view topic) {
    return pattern.ends_with('*') ? topic.starts_with(pattern.substr(0, pattern.size() - 1)) : pattern == topic;
}
} // namespace

uint64_t Topics::subscribe(std::string pattern, Receiver receiver) {
    const std::lock_guard lock(mutex_);
    subscriptions_.push_back(
        std::make_shared<const Subscription>(Subscription{++last_, std::move(pattern), std::move(receiver)}));
    return last_;
}

void Topics::cancel(uint64_t subscription) {
    const std::lock_guard lock(mutex_);
    std::erase_if(subscriptions_, [&](const auto &s) { return s->id == subscription; });
}

void Topics::publish(const std::string &topic, std::string document) {
    std::vector<std::shared_ptr<const Subscription>> receivers;
    {
        const std::lock_guard lock(mutex_);
        std::copy_if(subscriptions_.begin(), subscriptions_.end(), std::back_inserter(receivers),
                     [&](const auto &s) { return matches(s->pattern, topic); });
    }
    if (receivers.empty()) return;
    const auto shared = std::make_shared<const std::string>(std::move(document));
    for (const auto &s : receivers) s->receiver(topic, shared);
}

} // namespace rigger::host
