/* rigger/abi/host.h -- what the host hands to an instance, and the services behind it. */
#ifndef RIG_ABI_HOST_H
#define RIG_ABI_HOST_H
#include "base.h"
RIG_C_BEGIN

typedef struct rig_host rig_host;

/* One per instance: log, metrics, store and grants are already scoped to it.
   Functions that register or cancel a callback are [strand] only: cancelling there needs no waiting, and once
   it returned, the callback will not run. Everything else is [any], except what says [worker]. */
struct rig_host {
    uint64_t struct_size;
    uint32_t abi_major, abi_minor;
    const char *product, *version;
    /* NULL: unknown here, or not granted by the manifest. The table lives as long as the host. [any] */
    const void *(*service)(const rig_host *, const char *service_id);
};

#define RIG_SERVICE_LOG "rig.log/1"
typedef struct rig_log {
    uint64_t struct_size;
    int32_t (*enabled)(const rig_host *, int32_t level);                          /* [any] */
    void (*write)(const rig_host *, int32_t level, rig_str message, const rig_kv *, size_t n);
} rig_log; /* levels: 0 trace, 1 debug, 2 info, 3 warn, 4 error, 5 critical (spdlog's numbers) */

#define RIG_SERVICE_CONFIG "rig.config/1"
typedef struct rig_config {
    uint64_t struct_size;
    uint64_t (*generation)(const rig_host *);                                     /* [any] */
    rig_code (*read)(const rig_host *, rig_str json_pointer, const rig_sink *out, rig_error *);
    rig_code (*secret)(const rig_host *, rig_str name, const rig_sink *out, rig_error *);
} rig_config;

#define RIG_SERVICE_METRICS "rig.metrics/1"
typedef struct rig_metrics {
    uint64_t struct_size;
    /* type: 0 counter, 1 gauge, 2 histogram. Label values are fixed here, so add() is one atomic. */
    rig_code (*define)(const rig_host *, int32_t type, rig_str name, rig_str help, const rig_kv *labels,
                       size_t n, const double *bounds, size_t bound_count, uint64_t *handle, rig_error *);
    void (*add)(const rig_host *, uint64_t handle, double value);                 /* [any] wait-free */
    void (*set)(const rig_host *, uint64_t handle, double value);
} rig_metrics;

#define RIG_SERVICE_STORE "rig.store/1" /* durable, private to the plugin id, survives reload and upgrade */
typedef struct rig_store_op { int32_t op; int32_t reserved0; rig_str key; rig_bytes value; uint64_t if_revision; } rig_store_op;
typedef struct rig_store {
    uint64_t struct_size;
    rig_code (*get)(const rig_host *, rig_str key, uint64_t *revision, const rig_sink *, rig_error *);
    rig_code (*list)(const rig_host *, rig_str prefix, void *user,
                     rig_code (*each)(void *user, rig_str key, rig_bytes value, uint64_t revision), rig_error *);
    rig_code (*commit)(const rig_host *, const rig_store_op *, size_t n, uint64_t *revision, rig_error *); /* all or none */
} rig_store;

#define RIG_SERVICE_EVENTS "rig.events/1"
typedef void (*rig_event_fn)(void *user, rig_str topic, rig_doc event);
typedef struct rig_events {
    uint64_t struct_size;
    rig_code (*publish)(const rig_host *, rig_str topic, rig_doc, rig_error *);   /* [any] */
    /* fn runs on the instance's strand. subscribe and cancel: [strand] */
    rig_code (*subscribe)(const rig_host *, rig_str pattern, rig_event_fn, void *user, uint64_t *sub, rig_error *);
    void (*cancel)(const rig_host *, uint64_t sub);
} rig_events;

#define RIG_SERVICE_HTTP "rig.http/1" /* proxy, TLS trust, retries, egress allow-list and metrics are the host's */
typedef struct rig_http_request {
    uint64_t struct_size, flags;
    rig_str method, url;
    const rig_kv *headers; size_t header_count;
    rig_bytes body;
    uint64_t timeout_ns; uint64_t max_response_bytes;
} rig_http_request;
typedef struct rig_http_response { uint64_t struct_size; int64_t status; const rig_kv *headers; size_t header_count; rig_bytes body; } rig_http_response;
typedef void (*rig_http_fn)(void *user, rig_code, const rig_http_response *, const rig_error *);
typedef struct rig_http {
    uint64_t struct_size;
    rig_code (*send)(const rig_host *, const rig_http_request *, rig_http_fn, void *user, uint64_t *op, rig_error *); /* [strand], fn on it */
    rig_code (*call)(const rig_host *, const rig_call *, const rig_http_request *, void *user, rig_http_fn, rig_error *); /* blocks; [worker] only */
    void (*cancel)(const rig_host *, uint64_t op);
} rig_http;

#define RIG_SERVICE_CLOCK "rig.clock/1" /* the conformance kit drives it by hand: never call the OS clock */
typedef struct rig_clock {
    uint64_t struct_size;
    uint64_t (*monotonic_ns)(const rig_host *);
    int64_t (*wall_ns)(const rig_host *);
} rig_clock;

#define RIG_SERVICE_TIMERS "rig.timers/1"
typedef void (*rig_task_fn)(void *user);
typedef struct rig_timers {
    uint64_t struct_size;
    rig_code (*after)(const rig_host *, uint64_t delay_ns, uint64_t period_ns, rig_task_fn, void *user, uint64_t *timer, rig_error *);
    void (*cancel)(const rig_host *, uint64_t timer);                                 /* after, cancel: [strand] */
    rig_code (*post)(const rig_host *, rig_task_fn, void *user, rig_error *);         /* onto the strand, from [any] */
    rig_code (*post_worker)(const rig_host *, rig_task_fn, void *user, rig_error *);  /* may block there            */
} rig_timers;

/* What a command frontend may do: read the daemon's state and ask for actions. The host authorises every call
   against the principal of the invocation it belongs to; a frontend cannot do more than its caller. [worker] */
#define RIG_SERVICE_CONTROL "rig.control/1"
typedef struct rig_control {
    uint64_t struct_size;
    /* view: "servers", "nodes", "pods", "deployments", "offers", "pairs", "why-not", "status", ... ; docs/plugins/documents.md lists
       every view with its arguments and its answer. Reads one snapshot, never waits for the control loop. */
    rig_code (*query)(const rig_host *, const rig_call *, rig_str view, rig_doc arguments, const rig_sink *result, rig_error *);
    /* verb: "deploy", "undeploy", "recycle", "plan", ... Blocks until the verb is decided and its intent is durable
       (not until the effect is done), or the deadline. arguments may hold "dryRun": true and "wait": true. */
    rig_code (*act)(const rig_host *, const rig_call *, rig_str verb, rig_doc arguments, const rig_sink *progress, const rig_sink *result, rig_error *);
#if RIG_ABI_TARGET >= 1
    /* A view for which a cluster itself is asked, so that it takes time: "logs", "probe". It arrives in pieces, in calls of
       pieces->write, each a part of the whole. Blocks until the end, the deadline or cancellation; a sink that refuses a piece ends it. Since 1.1. */
    rig_code (*stream)(const rig_host *, const rig_call *, rig_str view, rig_doc arguments, const rig_sink *pieces, rig_error *);
#endif
} rig_control;

RIG_C_END
#endif
