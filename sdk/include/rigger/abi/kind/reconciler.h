/* rigger/abi/kind/reconciler.h -- draft. Desired and observed state in, actions with reasons out. Decides; never acts. */
#ifndef RIG_ABI_RECONCILER_H
#define RIG_ABI_RECONCILER_H
#include "../plugin.h"
RIG_C_BEGIN

#define RIG_KIND_RECONCILER "rig.reconciler/1"

/* action: {"verb","target","cause","reason","evidence":"definite|absence|policy","views":[...]}; the host applies the safety
   rules (complete and fresh views, two observations, minimum age, deletion budget) before anything happens. */
typedef struct rig_action_sink {
    uint64_t struct_size;
    void *ctx;
    rig_code (*act)(void *ctx, rig_str action_id, rig_doc action); /* action_id: equal for the same action in every pass */
} rig_action_sink;

typedef struct rig_reconcile_result {
    uint64_t struct_size;
    uint64_t flags;            /* none defined yet */
    uint64_t requeue_after_ns; /* 0: at the next change or period */
} rig_reconcile_result;

typedef struct rig_reconciler {
    uint64_t struct_size;
    const char *const *watches; /* NULL-ended subjects: "deployment" (key: deployment id), "source" (source name), "cluster" (cluster name) */
    /* Level-triggered and pure: the same documents give the same actions. Never two calls at once for one key. [worker] */
    rig_code (*reconcile)(rig_instance *, const rig_call *, rig_str key, rig_doc desired, rig_doc observed,
                          const rig_action_sink *, rig_reconcile_result *, rig_error *);
} rig_reconciler;

RIG_C_END
#endif
