// core/control/config.hpp -- every period and limit of the running loop. Defaults are what the installed configuration
// states.
#pragma once
#include "base/time.hpp"

#include <cstddef>
#include <string>

namespace rigger {

struct ControlConfig {
    // Placement.
    bool automatic_placement = true;                  ///< false: only operators deploy
    Duration plan_period = std::chrono::seconds(300); ///< a plan is made at least this often
    Duration plan_debounce =
        std::chrono::milliseconds(200);                   ///< and this long after the market or the inventory changed
    Duration plan_min_interval = std::chrono::seconds(2); ///< but never more often than this
    size_t max_starts_per_plan = 256;                     ///< deployments that one plan may begin

    // Failure memory.
    Duration failure_window = std::chrono::minutes(16); ///< a deployment that ends sooner marks its offer failed
    Duration failure_memory = std::chrono::hours(1);    ///< how long automatic placement avoids it
    Duration exhausted_backoff =
        std::chrono::minutes(5); ///< after a claim was refused for lack of room, when the source names no time

    // Deployer.
    std::string namespace_name = "chutes";          ///< where workload objects live
    Duration pod_grace = std::chrono::seconds(180); ///< grace period given to pods that are removed
    Duration claim_timeout = std::chrono::seconds(15);
    Duration render_timeout = std::chrono::seconds(5);
    Duration cluster_timeout = std::chrono::seconds(30); ///< apply, remove, list, get
    Duration announce_timeout = std::chrono::seconds(15);
    Duration release_timeout = std::chrono::seconds(15);
    Duration effect_hard_limit =
        std::chrono::seconds(30);                   ///< past its deadline an effect is written off after this long
    Duration retry_first = std::chrono::seconds(1); ///< back-off after a failure that may pass; doubles
    Duration retry_cap = std::chrono::seconds(60);
    Duration confirm_interval =
        std::chrono::seconds(5);    ///< how often a terminating deployment looks whether its objects are gone
    int unknown_error_attempts = 5; ///< tries of a step that fails for no understood reason before the deployment ends

    // Reconciling and its safety (house rules).
    Duration reconcile_period = std::chrono::seconds(60);
    Duration reconcile_debounce = std::chrono::seconds(1); ///< a changed deployment is looked at this soon
    Duration reconcile_timeout = std::chrono::seconds(60); ///< one whole pass
    Duration stub_limit = std::chrono::minutes(30); ///< a deployment without objects or instance is given up after this
    Duration init_limit = std::chrono::minutes(35); ///< and one that is not verified after this
    Duration view_max_age = std::chrono::seconds(90); ///< an older view is no evidence
    Duration min_condemn_age =
        std::chrono::seconds(60);  ///< absence never condemns what changed its phase more recently
    double deletion_budget = 0.10; ///< share of the deployments that one reconcile period may delete; at least one

    // Watches.
    Duration watch_backoff_first = std::chrono::seconds(1);
    Duration watch_backoff_cap = std::chrono::minutes(5);
    Duration watch_stable = std::chrono::seconds(60); ///< a watch that held this long starts again without back-off

    // Machinery.
    Duration publish_interval = std::chrono::milliseconds(
        100); ///< snapshots are published at most this often on average, a few at once, except after commands
    Duration commit_retry_first = std::chrono::milliseconds(100);
    Duration commit_retry_cap = std::chrono::seconds(5);
    Duration shutdown_limit = std::chrono::seconds(8);
    Duration journal_keep = std::chrono::hours(24 * 7);
    size_t journal_keep_entries = 10'000;
    size_t queue_limit = 65'536;     ///< messages waiting for the controller; watches wait when it is full
    size_t effect_workers = 16;      ///< threads for effects
    size_t effects_per_instance = 8; ///< of them at most this many in one source or backend
    size_t event_memory = 100'000;   ///< event ids remembered to drop repeats
};

} // namespace rigger
