/* rigger/abi/kind/validator_source.h -- draft. A market: what may run, what it pays, and what the validator knows of us.
   A source owns protocol and signatures; it never decides. Documents: docs/plugins/documents.md. */
#ifndef RIG_ABI_VALIDATOR_SOURCE_H
#define RIG_ABI_VALIDATOR_SOURCE_H
#include "../plugin.h"
RIG_C_BEGIN

#define RIG_KIND_VALIDATOR_SOURCE "rig.validator-source/1"

/* Where watch() delivers. Item kinds: "offer", "instance". A function that does not return RIG_OK ends the watch. [worker] */
typedef struct rig_market_sink {
    uint64_t struct_size;
    void *ctx;
    rig_code (*put)(void *ctx, rig_str kind, rig_str id, rig_doc item);          /* insert or replace               */
    rig_code (*remove)(void *ctx, rig_str kind, rig_str id, rig_str reason);     /* definite: the validator said so */
    rig_code (*mark)(void *ctx, rig_str kind, int32_t mark);                     /* RIG_MARK_*                      */
    rig_code (*event)(void *ctx, rig_str event_id, rig_doc event);               /* journalled before it is handled; equal ids are one event */
    rig_code (*checkpoint)(void *ctx, rig_bytes resume_token);                   /* the host stores it; the next watch() gets it */
} rig_market_sink;

typedef struct rig_validator_source {
    uint64_t struct_size;
    /* Full listing, then changes, until cancelled. Returning early is a disconnect: the host backs off and calls again.
       It runs beside the other calls, with or without CONCURRENT. [worker] */
    rig_code (*watch)(rig_instance *, const rig_call *, rig_bytes resume_token, const rig_market_sink *, rig_error *);
    /* Permission to run one copy (launch token). Idempotent by claim_id: after a crash the host repeats it and the source
       answers with the same grant or with one that replaces it. Grant: {"token","configId"}. NOT_FOUND: no such offer;
       EXHAUSTED: the validator has no room now (423), retry_after_ms says when; DENIED: never for us. [worker] */
    rig_code (*claim)(rig_instance *, const rig_call *, rig_str claim_id, rig_str offer_id, rig_doc claim, const rig_sink *grant, rig_error *);
    /* Pure: which objects realise this deployment? Called in rounds: the request holds the objects applied so far as the
       cluster returned them (a Service's node ports, say); the answer {"objects":[...],"done":bool} holds the next ones. [worker] */
    rig_code (*render)(rig_instance *, const rig_call *, rig_doc request, const rig_sink *result, rig_error *);
    /* The workload runs and has its address. Idempotent by deployment id. Answer: {"instanceId":id} or {} when the
       workload registers itself and an event will follow. [worker] */
    rig_code (*announce)(rig_instance *, const rig_call *, rig_doc deployment, const rig_sink *result, rig_error *);
    /* Give up a claim or purge an instance: {"deploymentId","claimId","instanceId"?,"offerId","reason"}. Idempotent; unknown is success. [worker] */
    rig_code (*release)(rig_instance *, const rig_call *, rig_doc release, rig_error *);
    /* Facts for the validator: topic "inventory", "status", "usage". May be NULL. [worker] */
    rig_code (*publish)(rig_instance *, const rig_call *, rig_str topic, rig_doc, rig_error *);
    rig_code (*challenge)(rig_instance *, const rig_call *, rig_doc challenge, const rig_sink *answer, rig_error *); /* may be NULL */
    /* Who sent this inbound request? Signature, nonce and clock window are the source's to check; fails closed. May be NULL. [worker] */
    rig_code (*authenticate)(rig_instance *, const rig_call *, const rig_http_request *, const rig_sink *principal, rig_error *);
} rig_validator_source;

RIG_C_END
#endif
