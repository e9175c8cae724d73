// core/host/services/handle.hpp -- what one instance holds of the host: the rig_host that the plugin sees, and its
// services' state.
//
// A handle is never freed while the process runs plugins: a thread that a plugin leaked may call it at any time. After
// revoke() every service answers CANCELLED or nothing.
#pragma once
#include "domain/ports/commands.hpp"
#include "host/guard/crash.hpp"
#include "host/machinery.hpp"
#include "host/manifest.hpp"

#include <rigger/abi/host.h>

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace rigger::host {

class Instance;

struct HostHandle : rig_host {
    std::shared_ptr<Machinery> machinery;
    std::weak_ptr<Instance> instance;
    Badge badge;
    std::string plugin, name;
    std::set<std::string, std::less<>> services;          ///< granted ids
    std::vector<std::string> http_hosts, secret_names;    ///< granted
    std::map<std::string, std::string> secret_references; ///< name -> reference
    std::string config;                                   ///< JSON object text
    std::atomic<bool> revoked{false};
    std::atomic<bool> orphaned{false}; ///< the registry is gone, and what it was lent may be

    std::mutex mutex;
    std::map<uint64_t, Principal> invocations; ///< call id -> who asked; for rig.control/1
    std::set<uint64_t> timers, subscriptions;
    static constexpr size_t max_timers = 4096, max_subscriptions = 256;
    std::map<uint64_t, std::shared_ptr<std::atomic<uint32_t>>> http_operations; ///< cancel flags
    uint64_t last_http = 0;
    static constexpr size_t max_metrics = 1024;
    std::array<Metrics::Handle, max_metrics> metric_handles{};
    std::atomic<size_t> metric_count{0}; ///< handles below it are readable without the lock
    std::map<std::string, uint64_t> metric_index;
    uint64_t log_second = 0, log_lines = 0, log_dropped = 0;
    std::string complaint; ///< the newest line that the plugin logged as an error, and when
    WallTime complained_at;

    std::atomic<bool> silenced{false}; ///< no callback into the plugin begins any more

    /// Cancels timers, subscriptions and HTTP operations: before stop().
    void silence();
    /// silence(), and services answer no more: after destroy(), or when the instance is written off.
    void revoke();
};

std::shared_ptr<HostHandle> make_handle(std::shared_ptr<Machinery> machinery);

} // namespace rigger::host
