/* rigger/abi/kind/placement_scorer.h -- draft. Many workloads x many candidates in one call, over columns. */
#ifndef RIG_ABI_PLACEMENT_SCORER_H
#define RIG_ABI_PLACEMENT_SCORER_H
#include "../plugin.h"
RIG_C_BEGIN

#define RIG_KIND_PLACEMENT_SCORER "rig.placement-scorer/1"

#define RIG_COL_F64 1
#define RIG_COL_I64 2
#define RIG_COL_U32 3 /* dictionary codes for names and labels */
#define RIG_COL_U8 4
/* The names that exist, with type and unit: docs/plugins/columns.md. An unknown required column refuses start(). */
typedef struct rig_column_spec { const char *name; int32_t type; uint32_t optional; } rig_column_spec;
/* data: 64-byte aligned, readable up to the next multiple of 64 bytes; NULL for an optional column the host lacks.
   valid: bitmap, NULL if all are. */
typedef struct rig_column { const void *data; const uint64_t *valid; int32_t type; uint32_t reserved0; } rig_column;
typedef struct rig_table { uint64_t rows, columns; const rig_column *column; } rig_table; /* in the order of the specs */
/* Columns of the workload mix, by position: kinds of workload that were asked for so far, and how often. All RIG_COL_F64, models RIG_COL_I64. */
#define RIG_MIX_SHARE 0u       /* of all arrivals; the shares sum to 1 */
#define RIG_MIX_GPU_COUNT 1u   /* 0: CPU only */
#define RIG_MIX_GPU_MILLI 2u   /* per GPU, 1000: whole; 0 with RIG_MIX_GPU_COUNT 0 */
#define RIG_MIX_CPU_MILLI 3u
#define RIG_MIX_MEMORY_MIB 4u
#define RIG_MIX_MODELS 5u      /* bit c: gpu.model code c is admissible; bit 63 stands for all codes from 63 on */
#define RIG_MIX_COLUMNS 6u

typedef struct rig_score_batch {
    uint64_t struct_size;
    uint64_t snapshot_id;     /* equal ids: equal candidate columns; keep derived data keyed by it */
    rig_table candidates;     /* one row per GPU group: the GPUs of one model on one server */
    rig_table workloads;      /* one row per offer or pending job */
    const uint32_t *select;   /* candidate rows still feasible, ascending; NULL: all. Scoring others is allowed and ignored */
    uint64_t select_count;
    uint64_t score_stride;    /* >= candidates.rows */
    double *scores;           /* out: scores[w * score_stride + c], preset to NaN. NaN: abstain. -inf: veto, if granted. */
    rig_table mix;            /* what was asked for up to now, never what will be; no rows: unknown. Only with RIG_READS_MIX */
    uint64_t mix_id;          /* equal ids: equal mix; keep derived data keyed by it. It is renewed in steps, not with each arrival */
} rig_score_batch;

#define RIG_READS_MIX 1u /* the workload mix of the batch */

#define RIG_ROLE_PREFERENCE 0u /* speaks of the pair only; [score_min, score_max] is rescaled to 0..1 and weighted */
#define RIG_ROLE_VALUE 1u      /* comparable across offers and servers, in `unit`, per instance; used as it is; one is active per source */

typedef struct rig_placement_scorer {
    uint64_t struct_size;
    const rig_column_spec *candidate_columns; /* ended by a NULL name; resolved once, at start() */
    const rig_column_spec *workload_columns;
    double score_min, score_max;              /* preference scores outside are misbehaviour; ignored for value scorers */
    rig_code (*score)(rig_instance *, const rig_call *, const rig_score_batch *, rig_error *); /* [score]: no blocking, no allocation asked for */
    /* JSON: {"terms":[{"name","value","unit"?}],"text"} for one pair; agrees with score(). May be NULL. [worker] */
    rig_code (*explain)(rig_instance *, const rig_call *, const rig_score_batch *, uint64_t workload, uint64_t candidate, const rig_sink *, rig_error *);
    uint32_t role, reserved0;                 /* RIG_ROLE_* */
    const char *unit;                         /* of a value score, e.g. "compute-unit/USD"; NULL for preferences */
    /* Value scorers: worth of one more instance of each workload whatever the server, before its cost: the "gain" that
       `rigger chutes` lists. values[w], NaN: unknown. May be NULL. [score] */
    rig_code (*appraise)(rig_instance *, const rig_call *, const rig_table *workloads, double *values, rig_error *);
    uint32_t reads, reserved1;                /* RIG_READS_*: scores depend on it beside the columns */
} rig_placement_scorer;

RIG_C_END
#endif
