// core/host/instance.hpp -- one plugin instance: its life cycle, the guarded door into it, and the account of how it
// behaves.
//
// Thread-safe. Held by its ports, by its running calls and by the registry. No lock is held while plugin code runs.
#pragma once
#include "base/status.hpp"
#include "domain/ports/call.hpp"
#include "host/guard/breaker.hpp"
#include "host/guard/budget.hpp"
#include "host/guard/crash.hpp"
#include "host/guard/watchdog.hpp"
#include "host/instance_file.hpp"
#include "host/machinery.hpp"
#include "host/manifest.hpp"
#include "host/registry.hpp"

#include <rigger/abi/plugin.h>

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace rigger::host {

struct HostHandle;
struct LoadedPlugin;

struct InstanceSetup {
    std::shared_ptr<LoadedPlugin> library;
    std::string plugin, version, component, kind, name, digest, origin;
    uint64_t flags = 0; ///< RIG_COMPONENT_*
    const rig_component *code = nullptr;
    Grants grants;
    InstanceFile file;
    Limits limits;
    std::string config; ///< validated, defaults filled in
};

/// How a call is made.
struct CallSpec {
    const char *name = ""; ///< static text
    Budget budget;
    enum class Where : uint8_t { strand, worker, stream } where = Where::worker;
    bool counted = true;         ///< goes through the breaker and the failure count
    bool spin = false;           ///< the caller waits actively for a moment: for calls of microseconds
    bool silent_allowed = false; ///< a stream without a heartbeat (followed logs)
    bool to_a_person =
        false; ///< what it says is an answer for whoever asked, and but for a bug no fault to name the plugin for
};

/// What the account says; for PluginRow.
struct InstanceAccount {
    PluginState state;
    WallTime since;
    Breaker::State breaker;
    uint64_t calls, failures, misbehaviours;
    Duration p99, cpu;
    std::string last_error; ///< of a call that failed, or what the plugin itself logged as an error, whichever is newer
    WallTime last_error_at;
    std::optional<bool> recovered; ///< a call went well since that error; nullopt: none, or the plugin's own word
};

class Instance : public std::enable_shared_from_this<Instance> {
public:
    using Body = std::function<rig_code(rig_instance *, const rig_call *, rig_error *)>;

    Instance(InstanceSetup setup, std::shared_ptr<Machinery> machinery);
    ~Instance();

    // Life cycle; each blocks until the plugin answered or was given up. Errors name the plugin.
    Status create();
    Status start();
    /// Ends watches, waits for running calls, then stop() and destroy(). Idempotent. What was given up is waited for by
    /// nobody: should it come back one day, the instance ends then, and what it holds is free for its successor.
    void stop();

    /// A guarded call that is waited for. `body` owns everything it refers to: it may outlive this call.
    Status call(const CallSpec &spec, const CallContext &context, Body body);
    /// A guarded call on the strand that nobody waits for (timers, events, posts). Errors: QueueFull, NotRunning.
    Status post(const char *name, bool on_worker, std::function<void()> body);

    /// The plugin broke a rule: counts as a failure and is logged (at most once per second). `reason`: CamelCase.
    void misbehaved(const char *call, std::string_view reason, std::string_view what);
    /// What ProcessState::restore() answered after `call`.
    void blame_for_changes(const char *call, const std::string &what);
    /// The error with plugin, version and instance in front.
    Error blame(const char *call, Error error) const;
    /// A watch ended though nobody asked for it.
    void disconnected();
    /// May a watch be begun now? Errors: unavailable BreakerOpen with retry_after_ms.
    Status admit_watch();
    void trip(std::string_view why);

    /// The kind's table, as long as the plugin compiled it at least; nullptr before create().
    const void *table() const noexcept { return table_; }
    const InstanceSetup &setup() const noexcept { return setup_; }
    const std::string &name() const noexcept { return setup_.name; }
    Machinery &machinery() noexcept { return *machinery_; }
    bool concurrent() const noexcept { return (setup_.flags & RIG_COMPONENT_CONCURRENT) != 0; }
    InstanceAccount account() const;
    bool running() const noexcept { return accepting_.load(std::memory_order_acquire); }
    void reset_breaker();
    HostHandle &handle() noexcept { return *handle_; }
    std::shared_ptr<HostHandle> handle_ref() const { return handle_; }

    /// Called once, on any thread, when the instance was given up in `call`.
    void on_written_off(std::function<void(Instance &, const std::string &call)> callback) {
        written_off_ = std::move(callback);
    }
    /// Called on any thread when running <-> degraded changes.
    void set_state(PluginState state, std::string error = {});

private:
    Status life_cycle_call(const CallSpec &spec, Body body);
    std::shared_ptr<GuardedCall> make(const CallSpec &spec, const CallContext &context, Body body);
    Status submit(const std::shared_ptr<GuardedCall> &call, CallSpec::Where where);
    void run(const std::shared_ptr<GuardedCall> &call, const std::shared_ptr<Pool::Worker> &worker,
             const CallSpec &spec);
    Status initialise();
    Status admit(const CallSpec &spec);
    void settle(const GuardedCall &call, const CallSpec &spec);
    void failed_locked(const char *call, std::string_view reason, std::string_view what);
    void note_error(std::string what);
    void log_failure(const char *call, std::string_view reason, std::string_view what);
    void give_up(const std::shared_ptr<GuardedCall> &call);
    void forget(const std::shared_ptr<GuardedCall> &call);
    void drain();
    void come_back();
    void end_code();
    Status outcome(GuardedCall &call) const;

    const InstanceSetup setup_;
    const std::shared_ptr<Machinery> machinery_;
    const Badge badge_;
    std::shared_ptr<HostHandle> handle_;
    std::shared_ptr<Lane> strand_, worker_, stream_;
    rig_instance *code_ = nullptr; ///< written by create() and stop() on the strand's behalf
    const void *table_ = nullptr;
    bool started_ = false;               ///< start() succeeded and stop() was not called yet; life cycle only
    std::atomic<bool> accepting_{false}; ///< between start() and stop()
    std::atomic<bool> lost_{false};      ///< given up: entered again only to end it, when all its calls have come back
    std::function<void(Instance &, const std::string &)> written_off_;

    mutable std::mutex mutex_;
    std::condition_variable drained_;
    std::vector<std::shared_ptr<GuardedCall>> in_flight_; ///< submitted and not over
    int stuck_ = 0;        ///< calls that were given up and have not come back; one may come back before it is counted
    bool stopped_ = false; ///< stop() was called
    PluginState state_ = PluginState::loaded;
    WallTime since_;
    Breaker breaker_, watch_breaker_;
    uint64_t calls_ = 0, failures_ = 0, misbehaviours_ = 0;
    Duration cpu_{0};
    struct Recent {
        int64_t ns = 0;
        bool slow = false; ///< used many times its budget of processor time (Limits::slow)
    };
    std::array<Recent, 128> recent_{}; ///< the latest calls, a ring
    size_t recent_count_ = 0;
    std::string last_error_;
    WallTime last_error_at_;
    MonoTime failed_at_, went_well_at_; ///< the latest error and the latest call without
    MonoTime last_logged_{0};
    uint64_t unlogged_ = 0;
    Metrics::Handle calls_metric_, failures_metric_, seconds_metric_;
};

/// The guarded call that the current thread runs; nullptr outside of plugins.
GuardedCall *current_call() noexcept;

/// While it lives, the thread is in the host on behalf of a plugin: the time is not the plugin's.
class HostTime {
public:
    HostTime() noexcept;
    ~HostTime();
    HostTime(const HostTime &) = delete;
    HostTime &operator=(const HostTime &) = delete;

private:
    GuardedCall *call_;
};

} // namespace rigger::host
