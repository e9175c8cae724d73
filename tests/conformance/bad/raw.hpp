// raw.hpp -- an honest scorer written on the bare C ABI, without the SDK's guard, for faults that the SDK would not let
// pass.
#pragma once
#include <rigger/sdk/plugin.hpp>

#include <new>

namespace raw {

struct Instance : rig_instance {};

inline rig_code make(const rig_instance_ops *ops, rig_instance **out) {
    *out = new (std::nothrow) Instance{{ops}};
    return *out ? RIG_OK : RIG_E_EXHAUSTED;
}

inline rig_code score_pairs(const rig_score_batch &b) {
    const auto *free = static_cast<const double *>(b.candidates.column[0].data);
    for (uint64_t w = 0; w < b.workloads.rows; ++w)
        for (uint64_t c = 0; c < b.candidates.rows; ++c) b.scores[w * b.score_stride + c] = free[c] / 64.0;
    return RIG_OK;
}
inline rig_code start(rig_instance *, const rig_call *, rig_error *) { return RIG_OK; }
inline rig_code stop(rig_instance *, const rig_call *, rig_error *) { return RIG_OK; }
inline void destroy(rig_instance *i) { delete static_cast<Instance *>(i); }
inline rig_code score(rig_instance *, const rig_call *, const rig_score_batch *b, rig_error *) {
    return score_pairs(*b);
}

inline constexpr rig_column_spec candidate_columns[] = {{"gpu.free", RIG_COL_F64, 0}, {nullptr, 0, 0}};
inline constexpr rig_column_spec workload_columns[] = {{"gpu.count", RIG_COL_F64, 0}, {nullptr, 0, 0}};

} // namespace raw

/// RIG_PLUGIN_NOTE with any text in the place of id and version.
#define RAW_NOTE(TEXT)                                                                   \
    __attribute__((used, section(".note.rig.plugin"), aligned(4))) static const struct { \
        uint32_t name_size, desc_size, type;                                             \
        char name[4];                                                                    \
        char desc[(sizeof(TEXT) + 3) / 4 * 4];                                           \
    } raw_note = {4, sizeof raw_note.desc, 1, "RIG", TEXT}
