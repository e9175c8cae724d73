#include "host/services/handle.hpp"

#include "host/services/tables.hpp"

namespace rigger::host {
namespace {
const void *service(const rig_host *host, const char *id) noexcept {
    if (!host || !id) return nullptr;
    const auto &handle = *static_cast<const HostHandle *>(host);
    return handle.services.contains(std::string_view(id)) ? service_table(id) : nullptr;
}
} // namespace

std::shared_ptr<HostHandle> make_handle(std::shared_ptr<Machinery> machinery) {
    auto handle = std::make_shared<HostHandle>();
    handle->struct_size = sizeof(rig_host);
    handle->abi_major = RIG_ABI_MAJOR;
    handle->abi_minor = RIG_ABI_MINOR;
    handle->product = "rigger";
    handle->version = "0.1.0";
    handle->rig_host::service = &service;
    handle->machinery = std::move(machinery);
    return handle;
}

void HostHandle::silence() {
    silenced.store(true, std::memory_order_release);
    std::set<uint64_t> old_timers, old_subscriptions;
    {
        const std::lock_guard lock(mutex);
        old_timers.swap(timers);
        old_subscriptions.swap(subscriptions);
        for (const auto &[id, cancelled] : http_operations) cancelled->store(1);
        http_operations.clear();
    }
    for (const uint64_t t : old_timers) machinery->timers.cancel(t);
    for (const uint64_t s : old_subscriptions) machinery->topics.cancel(s);
}

void HostHandle::revoke() {
    silence();
    revoked.store(true, std::memory_order_release);
}

const void *service_table(std::string_view id) noexcept {
    if (id == RIG_SERVICE_LOG) return log_table();
    if (id == RIG_SERVICE_CONFIG) return config_table();
    if (id == RIG_SERVICE_METRICS) return metrics_table();
    if (id == RIG_SERVICE_STORE) return store_table();
    if (id == RIG_SERVICE_EVENTS) return events_table();
    if (id == RIG_SERVICE_HTTP) return http_table();
    if (id == RIG_SERVICE_CLOCK) return clock_table();
    if (id == RIG_SERVICE_TIMERS) return timers_table();
    if (id == RIG_SERVICE_CONTROL) return control_table();
    return nullptr;
}

} // namespace rigger::host
