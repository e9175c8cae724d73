/* Exports one function per ABI struct, so that the debug information reaches every type. Never shipped; freeze_abi.py builds it. */
#include "rigger/abi/kinds.h"
#define ANCHOR(T) RIG_EXPORT void abi_anchor_##T(const T *p); void abi_anchor_##T(const T *p) { (void)p; }
/* base.h */
ANCHOR(rig_str) ANCHOR(rig_bytes) ANCHOR(rig_kv) ANCHOR(rig_error) ANCHOR(rig_sink) ANCHOR(rig_call)
/* plugin.h */
ANCHOR(rig_instance_ops) ANCHOR(rig_instance) ANCHOR(rig_component) ANCHOR(rig_plugin)
/* host.h */
ANCHOR(rig_host) ANCHOR(rig_log) ANCHOR(rig_config) ANCHOR(rig_metrics) ANCHOR(rig_store_op) ANCHOR(rig_store) ANCHOR(rig_events)
ANCHOR(rig_http_request) ANCHOR(rig_http_response) ANCHOR(rig_http) ANCHOR(rig_clock) ANCHOR(rig_timers) ANCHOR(rig_control)
/* kind/ */
ANCHOR(rig_object_sink) ANCHOR(rig_cluster_backend) ANCHOR(rig_command_frontend) ANCHOR(rig_state) ANCHOR(rig_reconfigure) ANCHOR(rig_health)
ANCHOR(rig_column_spec) ANCHOR(rig_column) ANCHOR(rig_table) ANCHOR(rig_score_batch) ANCHOR(rig_placement_scorer)
ANCHOR(rig_action_sink) ANCHOR(rig_reconcile_result) ANCHOR(rig_reconciler) ANCHOR(rig_market_sink) ANCHOR(rig_validator_source)
