// Not bad at all: a scorer on the bare C ABI whose explain() returns what the sink answered, as base.h asks.
#include "raw.hpp"

#include <cstring>

namespace {

rig_code explain(rig_instance *, const rig_call *, const rig_score_batch *b, uint64_t, uint64_t candidate,
                 const rig_sink *out, rig_error *) {
    const double score = static_cast<const double *>(b->candidates.column[0].data)[candidate] / 64.0;
    const std::string text =
        R"({"terms":[{"name":"score","value":)" + std::to_string(score) + R"(}],"text":"free GPUs"})";
    return out->write(out->ctx, text.data(), text.size());
}
constexpr rig_placement_scorer table{sizeof(rig_placement_scorer),
                                     raw::candidate_columns,
                                     raw::workload_columns,
                                     0.0,
                                     1.0,
                                     &raw::score,
                                     &explain,
                                     RIG_ROLE_PREFERENCE,
                                     0,
                                     nullptr,
                                     nullptr,
                                     0,
                                     0};
const void *query(rig_instance *, const char *id) {
    return id && std::strcmp(id, RIG_KIND_PLACEMENT_SCORER) == 0 ? &table : nullptr;
}
constexpr rig_instance_ops ops{sizeof(rig_instance_ops), &raw::start, &raw::stop, &raw::destroy, &query};
rig_code create(const rig_component *, const rig_host *, rig_doc, rig_instance **out, rig_error *) {
    return raw::make(&ops, out);
}
constexpr rig_component kTerse{sizeof(rig_component),  0,       RIG_PLUGIN_ID, RIG_KIND_PLACEMENT_SCORER, "Terse",
                               R"({"type":"object"})", nullptr, &create};

} // namespace

RIG_PLUGIN(RIG_PLUGIN_ID, RIG_PLUGIN_VERSION, &kTerse);
