// Lets a C++ exception cross the C border from the call named by BAD_CALL.
#include "raw.hpp"

#include <cstring>
#include <new>
#include <stdexcept>
#include <thread>

namespace {

enum class In { create, start, score };

void when(In here) {
    if (here != In::BAD_CALL) return;
#if defined(BAD_THREAD)
    std::thread([] { throw std::runtime_error("left a thread of its own"); }).join();
#elif defined(BAD_MEMORY)
    throw std::bad_alloc();
#else
    throw std::runtime_error("crossed the border on purpose");
#endif
}
rig_code start(rig_instance *, const rig_call *, rig_error *) {
    when(In::start);
    return RIG_OK;
}
rig_code score(rig_instance *, const rig_call *, const rig_score_batch *b, rig_error *) {
    when(In::score);
    return raw::score_pairs(*b);
}
constexpr rig_placement_scorer table{sizeof(rig_placement_scorer),
                                     raw::candidate_columns,
                                     raw::workload_columns,
                                     0.0,
                                     1.0,
                                     &score,
                                     nullptr,
                                     RIG_ROLE_PREFERENCE,
                                     0,
                                     nullptr,
                                     nullptr,
                                     0,
                                     0};
const void *query(rig_instance *, const char *id) {
    return id && std::strcmp(id, RIG_KIND_PLACEMENT_SCORER) == 0 ? &table : nullptr;
}
constexpr rig_instance_ops ops{sizeof(rig_instance_ops), &start, &raw::stop, &raw::destroy, &query};

rig_code create(const rig_component *, const rig_host *, rig_doc, rig_instance **out, rig_error *) {
    when(In::create);
    return raw::make(&ops, out);
}
constexpr rig_component kBad{
    sizeof(rig_component),  0,       RIG_PLUGIN_ID, RIG_KIND_PLACEMENT_SCORER, "Exceptions cross the border",
    R"({"type":"object"})", nullptr, &create};

} // namespace

RIG_PLUGIN(RIG_PLUGIN_ID, RIG_PLUGIN_VERSION, &kBad);
