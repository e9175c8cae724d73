// core/control/runtime.hpp -- the control loop on real threads: what the daemon starts and stops.
#pragma once
#include "base/random.hpp"
#include "base/time.hpp"
#include "control/config.hpp"
#include "control/planner.hpp"
#include "domain/ports/cluster_backend.hpp"
#include "domain/ports/commands.hpp"
#include "domain/ports/log.hpp"
#include "domain/ports/metrics.hpp"
#include "domain/ports/reconciler.hpp"
#include "domain/ports/store.hpp"
#include "domain/ports/validator_source.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace rigger {

/// What the loop works with. The references outlive the runtime. The store is migrated already.
struct ControlDependencies {
    Store &store;
    Clock &clock;
    Metrics &metrics;
    Log &log;
    Planner &planner;
    uint64_t random_seed = 0;                    ///< entropy for ids and jitter
    std::string version;                         ///< of the daemon, for status
    std::function<std::string()> plugins_status; ///< JSON array for status' "plugins"; may be empty. [any thread]
    std::function<std::vector<std::string>()>
        conditions; ///< what is wrong outside the loop; may be empty. [any thread]
};

/// The plugins of one moment. Each port stays usable until remove_*() of its name has returned, or stop().
struct ControlPlugins {
    std::vector<std::shared_ptr<ValidatorSource>> sources;
    std::vector<std::shared_ptr<ClusterBackend>> backends;
    std::vector<std::shared_ptr<Reconciler>> reconcilers;
    std::vector<placement::ScorerBinding> scorers;
};

/// Thread-safe. start() once, stop() once; the destructor stops.
class ControlRuntime {
public:
    ControlRuntime(ControlDependencies dependencies, ControlConfig config);
    ~ControlRuntime();
    ControlRuntime(const ControlRuntime &) = delete;
    ControlRuntime &operator=(const ControlRuntime &) = delete;

    /// Loads the durable state, resumes what a previous run left half-done, then starts all threads. An error: nothing
    /// runs.
    Status start(ControlPlugins plugins);
    /// Ends watches and workers, commits what is decided, within config.shutdown_limit. Half-done work is resumed by
    /// the next start.
    void stop();

    /// Plugins come and go. add_* replaces one of the same name. remove_* returns when no call into it runs any more,
    /// or after the shutdown limit.
    void add_source(std::shared_ptr<ValidatorSource> source);
    void remove_source(const std::string &name);
    void add_backend(std::shared_ptr<ClusterBackend> backend);
    void remove_backend(const std::string &name);
    void add_reconciler(std::shared_ptr<Reconciler> reconciler);
    void remove_reconciler(const std::string &name);
    Status set_scorers(std::vector<placement::ScorerBinding> scorers);
    void set_rules(placement::PlacementRules rules); ///< of automatic placement

    /// From the next message on. Periods of running watches follow at their next reconnect.
    void reconfigure(ControlConfig config);

    ControlApi &api();
    /// True when the first listing of every source and backend is complete, or has failed at least once.
    bool ready() const;
    uint64_t snapshot_version() const;
    SnapshotPtr snapshot() const;

    /// Called with the version of each snapshot that is published, on an internal thread; must not block. Returns an id
    /// for unsubscribe().
    uint64_t subscribe(std::function<void(uint64_t version)> on_change);
    /// After it returns the callback does not run any more.
    void unsubscribe(uint64_t subscription);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace rigger
