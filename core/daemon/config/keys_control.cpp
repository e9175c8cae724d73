#include "daemon/config/rules.hpp"

#include <algorithm>

namespace rigger::config {
namespace {

std::string check_namespace(std::string_view name) {
    const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    const bool good = !name.empty() && plain(name.front()) && plain(name.back()) &&
                      std::all_of(name.begin(), name.end(), [&](char c) { return plain(c) || c == '-'; });
    return good ? "" : "expected a Kubernetes namespace: small letters, digits and '-' between them";
}

constexpr Key control_table[] = {
    {"control.placement.automatic", flag_rule, reload,
     "Place offers without being asked. false: only operators deploy.", RIG_SLOT(control.automatic_placement)},
    {"control.placement.plan_period", duration_rule(1 * second, 24 * hour), reload,
     "A plan is made at least this often.", RIG_SLOT(control.plan_period)},
    {"control.placement.plan_debounce", duration_rule(0, 10 * minute), reload,
     "A plan is made this long after the market or the inventory changed.", RIG_SLOT(control.plan_debounce)},
    {"control.placement.plan_min_interval", duration_rule(0, 1 * hour), reload, "But never more often than this.",
     RIG_SLOT(control.plan_min_interval)},
    {"control.placement.max_starts_per_plan", integer_rule(1, 100000), reload, "Deployments that one plan may begin.",
     RIG_SLOT(control.max_starts_per_plan)},

    {"control.failures.window", duration_rule(0, 30 * day), reload,
     "A deployment that ends sooner than this, not by an operator's wish, marks its offer failed.",
     RIG_SLOT(control.failure_window)},
    {"control.failures.memory", duration_rule(0, 30 * day), reload,
     "How long automatic placement avoids a failed offer.", RIG_SLOT(control.failure_memory)},
    {"control.failures.exhausted_backoff", duration_rule(1 * second, 24 * hour), reload,
     "Wait after a source refused a claim for lack of room without naming a time.",
     RIG_SLOT(control.exhausted_backoff)},

    {"control.deployer.namespace", text_rule(1, 63, check_namespace), restart,
     "Kubernetes namespace of the workload objects.", RIG_SLOT(control.namespace_name)},
    {"control.deployer.pod_grace", duration_rule(0, 1 * hour), reload, "Time that a pod gets to end by itself.",
     RIG_SLOT(control.pod_grace)},
    {"control.deployer.claim_timeout", duration_rule(100 * ms, 10 * minute), reload, "Deadline for a launch token.",
     RIG_SLOT(control.claim_timeout)},
    {"control.deployer.render_timeout", duration_rule(100 * ms, 10 * minute), reload,
     "Deadline for a source to describe the workload objects.", RIG_SLOT(control.render_timeout)},
    {"control.deployer.cluster_timeout", duration_rule(100 * ms, 10 * minute), reload,
     "Deadline of one request to a cluster.", RIG_SLOT(control.cluster_timeout)},
    {"control.deployer.announce_timeout", duration_rule(100 * ms, 10 * minute), reload,
     "Deadline to register an instance.", RIG_SLOT(control.announce_timeout)},
    {"control.deployer.release_timeout", duration_rule(100 * ms, 10 * minute), reload,
     "Deadline to release an instance.", RIG_SLOT(control.release_timeout)},
    {"control.deployer.effect_hard_limit", duration_rule(1 * second, 1 * hour), reload,
     "Past its deadline an effect is written off after this long.", RIG_SLOT(control.effect_hard_limit)},
    {"control.deployer.retry_first", duration_rule(10 * ms, 10 * minute), reload,
     "Wait after the first failure that may pass; doubles.", RIG_SLOT(control.retry_first)},
    {"control.deployer.retry_cap", duration_rule(10 * ms, 1 * hour), reload, "Longest such wait.",
     RIG_SLOT(control.retry_cap)},
    {"control.deployer.confirm_interval", duration_rule(100 * ms, 10 * minute), reload,
     "How often a terminating deployment looks whether its objects are gone.", RIG_SLOT(control.confirm_interval)},
    {"control.deployer.unknown_error_attempts", integer_rule(1, 1000), reload,
     "Tries of a step that fails for no understood reason before the deployment ends.",
     RIG_SLOT(control.unknown_error_attempts)},

    {"control.reconcile.period", duration_rule(1 * second, 24 * hour), reload, "Everything is looked at this often.",
     RIG_SLOT(control.reconcile_period)},
    {"control.reconcile.debounce", duration_rule(0, 10 * minute), reload,
     "A changed deployment is looked at this soon.", RIG_SLOT(control.reconcile_debounce)},
    {"control.reconcile.timeout", duration_rule(1 * second, 1 * hour), reload, "Deadline of one whole pass.",
     RIG_SLOT(control.reconcile_timeout)},
    {"control.reconcile.stub_limit", duration_rule(1 * minute, 30 * day), reload,
     "A deployment without objects or instance is given up after this.", RIG_SLOT(control.stub_limit)},
    {"control.reconcile.init_limit", duration_rule(1 * minute, 30 * day), reload,
     "A deployment that is not verified is given up after this.", RIG_SLOT(control.init_limit)},
    {"control.reconcile.view_max_age", duration_rule(1 * second, 1 * hour), reload,
     "An older view of a source or a cluster is no evidence for a deletion.", RIG_SLOT(control.view_max_age)},
    {"control.reconcile.min_condemn_age", duration_rule(0, 24 * hour), reload,
     "Absence never condemns what changed more recently than this.", RIG_SLOT(control.min_condemn_age)},
    {"control.reconcile.deletion_budget", number_rule(0, 1), reload,
     "Share of the deployments that one period may delete, at least one. More is held back until `rigger recycle "
     "--force`; a restart grants no new budget.",
     RIG_SLOT(control.deletion_budget)},

    {"control.watches.backoff_first", duration_rule(10 * ms, 10 * minute), restart,
     "Wait after a watch broke for the first time; doubles.", RIG_SLOT(control.watch_backoff_first)},
    {"control.watches.backoff_cap", duration_rule(10 * ms, 1 * hour), restart, "Longest such wait.",
     RIG_SLOT(control.watch_backoff_cap)},
    {"control.watches.stable", duration_rule(1 * second, 1 * hour), restart,
     "A watch that held this long starts again without a wait.", RIG_SLOT(control.watch_stable)},

    {"control.machinery.publish_interval", duration_rule(0, 1 * minute), reload,
     "Snapshots are published at most this often on average, a few at once; after commands always.",
     RIG_SLOT(control.publish_interval)},
    {"control.machinery.commit_retry_first", duration_rule(1 * ms, 1 * minute), restart,
     "Wait after the store failed for the first time; doubles.", RIG_SLOT(control.commit_retry_first)},
    {"control.machinery.commit_retry_cap", duration_rule(1 * ms, 10 * minute), restart, "Longest such wait.",
     RIG_SLOT(control.commit_retry_cap)},
    {"control.machinery.shutdown_limit", duration_rule(100 * ms, 10 * minute), reload,
     "How long a stop waits for effects under way.", RIG_SLOT(control.shutdown_limit)},
    {"control.machinery.journal_keep", duration_rule(1 * minute, 3650 * day), restart,
     "Handled events are kept this long.", RIG_SLOT(control.journal_keep)},
    {"control.machinery.journal_keep_entries", integer_rule(0, 10'000'000), restart, "And at least this many of them.",
     RIG_SLOT(control.journal_keep_entries)},
    {"control.machinery.queue_limit", integer_rule(1024, 10'000'000), restart,
     "Messages that may wait for the controller.", RIG_SLOT(control.queue_limit)},
    {"control.machinery.effect_workers", integer_rule(1, 1024), restart, "Threads that carry out effects.",
     RIG_SLOT(control.effect_workers)},
    {"control.machinery.effects_per_instance", integer_rule(1, 1024), restart,
     "Effects under way at once in one source or cluster backend.", RIG_SLOT(control.effects_per_instance)},
    {"control.machinery.event_memory", integer_rule(1000, 10'000'000), restart,
     "Event ids that are remembered to drop repeats.", RIG_SLOT(control.event_memory)},
};

} // namespace

std::span<const Key> control_keys() { return control_table; }

} // namespace rigger::config
