/* rigger/abi/base.h -- types that every other ABI header uses. Pure C11. No includes but these two. */
#ifndef RIG_ABI_BASE_H
#define RIG_ABI_BASE_H
#include <stddef.h>
#include <stdint.h>

#define RIG_ABI_MAJOR 1 /* in the entry symbol's name; a new major is a new symbol            */
#define RIG_ABI_MINOR 1 /* grows with every appended field, function, service or kind          */
#ifndef RIG_ABI_TARGET  /* minor a plugin compiles against; names stabilised later do not exist */
#define RIG_ABI_TARGET RIG_ABI_MINOR
#endif

#define RIG_EXPORT __attribute__((visibility("default")))
#ifdef __cplusplus
#define RIG_C_BEGIN extern "C" {
#define RIG_C_END }
#else
#define RIG_C_BEGIN
#define RIG_C_END
#endif

RIG_C_BEGIN

/* Borrowed views. Valid until the call they were passed to returns, unless its comment says more. */
typedef struct rig_str   { const char *ptr; size_t len; } rig_str;   /* UTF-8, not NUL-terminated   */
typedef struct rig_bytes { const void *ptr; size_t len; } rig_bytes;
typedef struct rig_kv    { rig_str key, value; } rig_kv;
typedef rig_bytes rig_doc; /* one UTF-8 JSON document; the shapes are in docs/plugins/documents.md, the schemas ship in the SDK */

/* Codes are fixed-width ints, never C enums: a reader must survive a value it does not know. */
typedef int32_t rig_code;
#define RIG_OK 0
#define RIG_E_INVALID 1       /* the caller's argument or document is wrong; do not retry       */
#define RIG_E_NOT_FOUND 2     /* definite: the thing does not exist                             */
#define RIG_E_CONFLICT 3      /* version or precondition failed; read again, then retry         */
#define RIG_E_UNAVAILABLE 4   /* a dependency is down; retry with backoff                       */
#define RIG_E_DEADLINE 5      /* gave up at the call's deadline; the effect is unknown          */
#define RIG_E_CANCELLED 6
#define RIG_E_DENIED 7        /* the manifest does not grant this, or the peer refused          */
#define RIG_E_UNSUPPORTED 8   /* this build has no such function or extension                   */
#define RIG_E_EXHAUSTED 9     /* memory, quota, capacity; retry later                           */
#define RIG_E_INTERNAL 10     /* a bug; the SDK puts escaped C++ exceptions here                */

/* The caller allocates it and sets struct_size; the callee fills it. Nothing to free, ever. */
typedef struct rig_error {
    uint64_t struct_size;
    rig_code code;
    uint32_t retry_after_ms; /* 0: no advice */
    char reason[48];   /* CamelCase token for machines, e.g. "QuotaExceeded" */
    char message[448]; /* one sentence for a person, cut at a UTF-8 boundary  */
} rig_error;

/* How variable-size results leave a callee: it writes, the caller decides where the bytes live.
   A result may arrive in several writes. */
typedef struct rig_sink {
    void *ctx;
    rig_code (*write)(void *ctx, const void *data, size_t len); /* not RIG_OK: stop and return it */
} rig_sink;

/* Passed to every call that may take time. Reading *cancelled is a relaxed atomic load. */
typedef struct rig_call {
    uint64_t struct_size;
    uint64_t deadline_ns; /* on rig_clock.monotonic_ns; UINT64_MAX: none (watches) */
    const uint32_t *cancelled;
    uint8_t trace_id[16];
    uint8_t span_id[8];
} rig_call;

/* "Does this table, as its writer compiled it, reach field f, and is f set?" */
#define RIG_HAS(table, f) \
    ((table)->struct_size >= offsetof(__typeof__(*(table)), f) + sizeof((table)->f) && (table)->f)

/* How complete a watched view is. Absence means something only between COMPLETE and the next LOST or BEGIN. */
#define RIG_MARK_BEGIN 1    /* a full listing starts: what it does not repeat is a candidate for removal   */
#define RIG_MARK_COMPLETE 2 /* the listing that began was delivered to its end; the view is now complete   */
#define RIG_MARK_FRESH 3    /* heartbeat: nothing changed, the view is as of now                           */
#define RIG_MARK_LOST 4     /* contact lost or listing cut: everything not seen is unknown                 */

RIG_C_END
#endif
