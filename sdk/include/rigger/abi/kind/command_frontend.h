/* rigger/abi/kind/command_frontend.h -- draft. Declares commands and answers them; the host serves them in the CLI and over HTTP. */
#ifndef RIG_ABI_COMMAND_FRONTEND_H
#define RIG_ABI_COMMAND_FRONTEND_H
#include "../plugin.h"
RIG_C_BEGIN

#define RIG_KIND_COMMAND_FRONTEND "rig.command-frontend/1"

typedef struct rig_command_frontend {
    uint64_t struct_size;
    /* {"commands":[...]}, the same answer every time; one entry per command, see docs/plugins/documents.md. [any] */
    rig_code (*catalogue)(rig_instance *, const rig_sink *, rig_error *);
    /* arguments were validated against the declaration and have their defaults. progress: zero or more JSON lines while
       working; result: one JSON document in the declared shape. What it does goes through rig.control/1. [worker] */
    rig_code (*invoke)(rig_instance *, const rig_call *, rig_str command, rig_doc arguments, rig_doc principal,
                       const rig_sink *progress, const rig_sink *result, rig_error *);
} rig_command_frontend;

RIG_C_END
#endif
