// core/domain/ports/bus.hpp -- events between the parts of the daemon and, behind some buses, between processes.
#pragma once
#include "base/status.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace rigger {

/// Something that happened. Topics are dotted names, general first: "market.instance_activated",
/// "deployment.terminating". Events of a validator bear the topic "market." + event type, so that a shared bus can
/// carry them in the market's own form.
struct BusEvent {
    std::string topic;
    std::string document; ///< one JSON object
};

/// Receives events of one subscription, one at a time, in publishing order, on a thread of the bus's choosing (which
/// may be the publisher's, inside publish()). Must not block; may publish, subscribe and end subscriptions.
class BusListener {
public:
    virtual ~BusListener() = default;
    virtual void event(const BusEvent &event) = 0;
    /// Events may have been lost (connection broken, queue overflown): read the state anew instead of relying on
    /// events.
    virtual void gap(std::string_view why) = 0;
};

/// Keeps a subscription alive. After its destruction the listener is not called any more; the destructor waits for a
/// call that is under way on another thread, and returns at once inside the listener's own call.
class BusSubscription {
public:
    virtual ~BusSubscription() = default;
};

/// At most once, nothing is stored: what must not be lost is journalled in the Store first. Thread-safe.
class Bus {
public:
    virtual ~Bus() = default;
    /// Ok: handed over, not: received. Errors: invalid (topic or document), unavailable (no connection; the event is
    /// dropped).
    virtual Status publish(BusEvent event) = 0;
    /// `pattern` is a topic, or a topic's beginning followed by "*". The listener must outlive the subscription, which
    /// must not outlive the bus. Errors: invalid (pattern).
    virtual Result<std::unique_ptr<BusSubscription>> subscribe(std::string_view pattern, BusListener &listener) = 0;
};

/// Letters, digits, "_", "-", "." and ":"; not empty, at most 128.
bool valid_topic(std::string_view topic) noexcept;
/// A topic, or "*" after a topic's beginning (which may be empty).
bool valid_topic_pattern(std::string_view pattern) noexcept;
/// Precondition: valid_topic_pattern(pattern).
bool topic_matches(std::string_view pattern, std::string_view topic) noexcept;

} // namespace rigger
