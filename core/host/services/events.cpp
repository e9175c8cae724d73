#include "host/services/border.hpp"
#include "host/services/tables.hpp"

#include "domain/documents.hpp"

namespace rigger::host {
namespace {
constexpr size_t max_topic = 128;
constexpr DocumentLimits event_limits{size_t{1} << 20, 32};

rig_code publish(const rig_host *host, rig_str topic, rig_doc document, rig_error *error) noexcept {
    return serve(host, RIG_SERVICE_EVENTS, error, [&](HostHandle &h) -> Status {
        const std::string_view name = view(topic);
        if (name.empty() || name.size() > max_topic) return invalid("BadTopic", "a topic has 1 to 128 bytes");
        if (name.starts_with("rigger."))
            return Error{Code::denied, "TopicReserved", "topics that begin with 'rigger.' are the host's", 0};
        RIG_TRY(check_document(view(document), event_limits));
        h.machinery->topics.publish(std::string(name), std::string(view(document)));
        return {};
    });
}

rig_code subscribe(const rig_host *host, rig_str pattern, rig_event_fn fn, void *user, uint64_t *subscription,
                   rig_error *error) noexcept {
    return serve(host, RIG_SERVICE_EVENTS, error, [&](HostHandle &h) -> Status {
        if (!fn || !subscription)
            return invalid("CallbackMissing", "the callback or the place for the subscription is NULL");
        if (view(pattern).empty() || view(pattern).size() > max_topic)
            return invalid("BadTopic", "a pattern has 1 to 128 bytes");
        if (h.silenced.load()) return Error{Code::unavailable, "NotRunning", "the instance does not run", 0};
        const auto number = std::make_shared<std::atomic<uint64_t>>(0);
        const std::lock_guard lock(h.mutex);
        if (h.subscriptions.size() >= HostHandle::max_subscriptions)
            return Error{Code::exhausted, "TooManySubscriptions", "an instance may have 256 subscriptions at a time",
                         0};
        const uint64_t id = h.machinery->topics.subscribe(std::string(view(pattern)), [weak = h.instance, number, fn,
                                                                                       user](const std::string &topic,
                                                                                             const auto &document) {
            const auto instance = weak.lock();
            if (!instance) return;
            (void)instance->post("event", false, [handle = instance->handle_ref(), number, fn, user, topic, document] {
                {
                    const std::lock_guard own(handle->mutex);
                    if (handle->silenced.load() || !handle->subscriptions.contains(number->load())) return;
                }
                fn(user, str(topic), bytes(*document));
            });
        });
        number->store(id);
        h.subscriptions.insert(id);
        *subscription = id;
        return {};
    });
}

void unsubscribe(const rig_host *host, uint64_t subscription) noexcept {
    (void)serve(host, RIG_SERVICE_EVENTS, nullptr, [&](HostHandle &h) -> Status {
        {
            const std::lock_guard lock(h.mutex);
            if (h.subscriptions.erase(subscription) == 0) return {};
        }
        h.machinery->topics.cancel(subscription);
        return {};
    });
}
} // namespace

const rig_events *events_table() noexcept {
    static constexpr rig_events table{sizeof(rig_events), &publish, &subscribe, &unsubscribe};
    return &table;
}

} // namespace rigger::host
