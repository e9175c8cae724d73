/* rigger/abi/kind/extensions.h -- draft. What an instance of any kind may offer through query(). */
#ifndef RIG_ABI_EXTENSIONS_H
#define RIG_ABI_EXTENSIONS_H
#include "../plugin.h"
RIG_C_BEGIN

#define RIG_EXT_STATE "rig.state/1" /* for hot reload */
typedef struct rig_state {
    uint64_t struct_size;
    uint64_t schema; /* version of the blob this build writes */
    rig_code (*save)(rig_instance *, const rig_sink *, rig_error *);
    rig_code (*load)(rig_instance *, uint64_t schema, rig_bytes, rig_error *); /* RIG_E_UNSUPPORTED: start cold */
} rig_state;

#define RIG_EXT_RECONFIGURE "rig.reconfigure/1"
typedef struct rig_reconfigure { uint64_t struct_size; rig_code (*apply)(rig_instance *, rig_doc config, rig_error *); } rig_reconfigure;

/* What keeps it from working as it is configured: RIG_OK, or the error says what and where. Also asked of an instance that was
   created for this alone and is not started, in a process of its own whose host has log and clock and nothing else
   (riggerd --check-config): read the files that the configuration names, change nothing, speak to nobody. */
#define RIG_EXT_HEALTH "rig.health/1"
typedef struct rig_health { uint64_t struct_size; rig_code (*check)(rig_instance *, const rig_call *, const rig_sink *, rig_error *); } rig_health;

RIG_C_END
#endif
