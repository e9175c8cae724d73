// core/host/services/topics.hpp -- rig.events/1 behind the scenes: topics between plugin instances, and from the host
// to them.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace rigger::host {

/// Thread-safe. A receiver runs on the publisher's thread without locks, and must not block: it posts to a strand.
class Topics {
public:
    using Receiver = std::function<void(const std::string &topic, const std::shared_ptr<const std::string> &document)>;
    /// pattern: a topic, or a prefix followed by '*'. The answer is never 0.
    uint64_t subscribe(std::string pattern, Receiver receiver);
    void cancel(uint64_t subscription);
    void publish(const std::string &topic, std::string document);

private:
    struct Subscription {
        uint64_t id;
        std::string pattern;
        Receiver receiver;
    };
    std::mutex mutex_;
    std::vector<std::shared_ptr<const Subscription>> subscriptions_;
    uint64_t last_ = 0;
};

} // namespace rigger::host
