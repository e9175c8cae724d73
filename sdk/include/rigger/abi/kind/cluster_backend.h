/* rigger/abi/kind/cluster_backend.h -- draft. Kubernetes-shaped objects across one or many clusters. No policy here. */
#ifndef RIG_ABI_CLUSTER_BACKEND_H
#define RIG_ABI_CLUSTER_BACKEND_H
#include "../plugin.h"
RIG_C_BEGIN

#define RIG_KIND_CLUSTER_BACKEND "rig.cluster-backend/1"

#define RIG_CHANGE_SYNC 0   /* part of a full listing */
#define RIG_CHANGE_PUT 1    /* added or modified      */
#define RIG_CHANGE_DELETE 2 /* definitely gone        */

#define RIG_APPLY_DRY_RUN 0x1u
#define RIG_APPLY_CREATE_ONLY 0x2u /* CONFLICT (reason AlreadyExists) if an object of that name exists */

typedef struct rig_object_sink {
    uint64_t struct_size;
    void *ctx;
    rig_code (*object)(void *ctx, int32_t change, rig_str cluster, rig_doc object); /* the object with apiVersion, kind, metadata.uid, metadata.resourceVersion */
    rig_code (*mark)(void *ctx, rig_str cluster, int32_t mark, rig_str detail);     /* RIG_MARK_*, per cluster; detail: the error when LOST */
    rig_code (*checkpoint)(void *ctx, rig_bytes resume_token);
} rig_object_sink;

/* query: {"cluster"?,"apiVersion","kind","namespace"?,"labelSelector"?,"fieldSelector"?,"limit"?}; labelSelector and
   fieldSelector are Kubernetes' text forms. ref: {"cluster","apiVersion","kind","namespace"?,"name","uid"?}. */
typedef struct rig_cluster_backend {
    uint64_t struct_size;
    /* {"clusters":[{"name","state":"ready|unreachable|starting","version","error"?}]}; read-only, < 1 s. [worker] */
    rig_code (*probe)(rig_instance *, const rig_call *, const rig_sink *facts, rig_error *);
    /* Objects that match, then one mark per cluster: COMPLETE, or LOST where it could not be read to its end. [worker] */
    rig_code (*list)(rig_instance *, const rig_call *, rig_doc query, const rig_object_sink *, rig_error *);
    rig_code (*get)(rig_instance *, const rig_call *, rig_doc ref, const rig_sink *object, rig_error *);
    /* Server-side-apply semantics with field manager "rigger"; the result is the object as stored. An object of that name without
       our labels: CONFLICT (reason NotOurs), nothing changed. [worker] */
    rig_code (*apply)(rig_instance *, const rig_call *, rig_str cluster, rig_doc object, uint32_t flags, const rig_sink *result, rig_error *);
    /* ref plus {"propagationPolicy":"Foreground|Background|Orphan","gracePeriodSeconds"?}. Returns when the deletion is
       accepted, not when the object is gone (the watch says so). NOT_FOUND: it does not exist. [worker] */
    rig_code (*remove)(rig_instance *, const rig_call *, rig_doc ref, rig_error *);
    /* SYNC objects and a COMPLETE mark per cluster (unless the resume token still holds), then PUT/DELETE and FRESH marks
       at least every 15 s, until cancelled. Returning early is a disconnect. Several watches run at once, beside the other calls,
       with or without CONCURRENT. [worker] */
    rig_code (*watch)(rig_instance *, const rig_call *, rig_doc query, rig_bytes resume_token, const rig_object_sink *, rig_error *);
    /* {"cluster","namespace","name","container"?,"tailLines"?,"follow"?,"sinceSeconds"?,"previous"?} -> raw bytes. Runs beside the other calls, as watch() does. [worker] */
    rig_code (*logs)(rig_instance *, const rig_call *, rig_doc request, const rig_sink *, rig_error *);
    /* For an operator whose cluster does not work: checks each thing that rigger needs there, and says what to do about what is missing. {"cluster"?} ->
       {"clusters":[{"name","checks":[{"check","ok":true|false|null,"detail","remedy"}]}]}; null: could not be checked; remedy: "" when nothing is to be done.
       Changes nothing, and takes a few seconds at most. Optional: may be NULL or missing. [worker] */
    rig_code (*diagnose)(rig_instance *, const rig_call *, rig_doc request, const rig_sink *result, rig_error *);
} rig_cluster_backend;

RIG_C_END
#endif
