// core/host/registry.hpp -- all plugin instances of the daemon: finds, checks, loads, starts, watches over, stops and
// lists them.
//
// Wiring: make a Registry, start() it, take live() for the control loop, on_change() to hear of replacements, then
// serve(control) once the control loop runs so that frontends get rig.control/1, stop() before anything that
// HostServices points to goes away.
//
// All members are thread-safe. start(), stop(), reload() and the like block on plugin code, bounded by its deadlines.
#pragma once
#include "base/status.hpp"
#include "base/time.hpp"
#include "domain/ports/cluster_backend.hpp"
#include "domain/ports/commands.hpp"
#include "domain/ports/http.hpp"
#include "domain/ports/metrics.hpp"
#include "domain/ports/placement_scorer.hpp"
#include "domain/ports/reconciler.hpp"
#include "domain/ports/secrets.hpp"
#include "domain/ports/store.hpp"
#include "domain/ports/validator_source.hpp"
#include "host/package.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace spdlog {
class logger;
}

namespace rigger::host {

class Frontend;

/// What the host lends to plugins. Everything must outlive the Registry; a null pointer makes the service answer
/// UNSUPPORTED.
struct HostServices {
    const Clock *clock = nullptr; ///< required
    Metrics *metrics = nullptr;   ///< required
    Store *store = nullptr;
    HttpClient *http = nullptr;
    SecretProvider *secrets = nullptr;
    std::shared_ptr<spdlog::logger> log; ///< required
};

struct RegistryOptions {
    std::filesystem::path enabled_dir;              ///< plugins-enabled/
    std::vector<std::filesystem::path> plugin_dirs; ///< where packages are installed
    std::filesystem::path state_dir;                ///< crash record and quarantine list; created when missing
    CheckOptions check;                             ///< cache_dir and probe are required
    bool run_watchdog = true;                       ///< false: the owner calls scan()
    bool install_crash_handler = true; ///< SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL: record the culprit, then re-raise
    bool safe_mode = false;            ///< start nothing but `rigger.*` plugins
    /// Scorers run on the thread that asks, which spares two changes of thread per call. Nothing can release that
    /// thread from one that hangs: the first stuck call gives up, and give_up must end the process.
    bool scorers_on_caller = false;
    /// Too many threads are stuck in plugins: the daemon should exit with status 75 and be restarted. Called once, on
    /// any thread, with a sentence that names the last culprit.
    std::function<void(const std::string &why)> give_up;
};

enum class PluginState : uint8_t {
    disabled,
    refused,
    loaded,
    created,
    running,
    degraded,
    stopped,
    failed,
    quarantined,
    retired
};
std::string_view state_name(PluginState state) noexcept;

/// One line of `rigger plugins list`.
struct PluginRow {
    std::string id, version, component, kind, name, file;
    PluginState state = PluginState::disabled;
    WallTime since;
    std::string breaker; ///< "closed", "open", "half-open"
    uint64_t calls = 0, failures = 0, misbehaviours = 0;
    Duration p99{0}, cpu{0};
    std::string digest, origin; ///< origin: the directory it was installed in
    std::string last_error;     ///< empty: none so far; it stays when all is well again
    WallTime last_error_at;
    std::optional<bool> recovered; ///< of a running one: a call went well since; nullopt: no error, or its own word
    std::string next_command;      ///< what an operator should type; empty: nothing to do
    bool required = false;
    double weight = 1;
};
/// {"items":[...]} with the members of PluginRow in camelCase; spans in seconds, times RFC 3339.
std::string to_json(const std::vector<PluginRow> &rows);

/// The ports of all running instances. Immutable; ports stay valid as long as somebody holds them, and answer
/// `unavailable` once stopped.
struct LivePorts {
    uint64_t generation = 0;
    std::vector<std::shared_ptr<ValidatorSource>> sources;
    std::vector<std::shared_ptr<ClusterBackend>> backends;
    std::vector<std::shared_ptr<PlacementScorer>> scorers;
    std::vector<std::shared_ptr<Reconciler>> reconcilers;
    std::vector<std::shared_ptr<Frontend>> frontends; ///< for host/command_service
};
using LivePortsPtr = std::shared_ptr<const LivePorts>;

class Registry {
public:
    /// Errors: required services missing, directories that cannot be made.
    static Result<std::unique_ptr<Registry>> open(RegistryOptions options, HostServices services);
    ~Registry(); ///< stops what runs

    /// Loads and starts every enabled instance in dependency order. A failure is logged and shown in status(); it is
    /// returned only for an instance with `required: true` (the others are started all the same).
    Status start();
    /// Stops everything in reverse order. Idempotent. All together, plugins have `within` to return from their calls,
    /// stop() and destroy(): what does not return is written off, and its thread left behind.
    void stop(Duration within = std::chrono::seconds(4));
    /// Frontends can act from now on. nullptr: no more (before the control loop goes away).
    void serve(ControlApi *control);

    /// Looks at enabled_dir again: starts what is new, stops what is gone, restarts what changed (file or library),
    /// leaves the rest alone.
    Status reload();
    Status restart(const std::string &name); ///< stop and start one instance with the files as they are now
    Status disable(const std::string &name); ///< until the next reload() that finds it enabled
    /// Closes the breaker and lifts the quarantine; a failed or quarantined instance is started again.
    Status reset(const std::string &name);

    LivePortsPtr live() const;
    /// `changed` is called with no lock held, after every change of live(). One callback; set it before start().
    void on_change(std::function<void(LivePortsPtr)> changed);
    std::vector<PluginRow> status() const;
    bool safe_mode() const;
    /// Crashes of earlier runs that start() found, as sentences for the operator.
    std::vector<std::string> warnings() const;

    /// One pass of the watchdog, of the timers and of the retries of failed instances. Only with run_watchdog false.
    void scan();

private:
    struct Impl;
    explicit Registry(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace rigger::host
