// A scorer whose descriptor, note or tables are wrong in the one way that a BAD_ define names.
#include "raw.hpp"

#include <cstring>

#ifndef BAD_MAGIC
#define BAD_MAGIC RIG_PLUGIN_MAGIC
#endif
#ifndef BAD_MAJOR
#define BAD_MAJOR RIG_ABI_MAJOR
#endif
#ifndef BAD_SIZE
#define BAD_SIZE sizeof(rig_plugin)
#endif
#ifndef BAD_ABI_MIN
#define BAD_ABI_MIN 0
#endif
#ifndef BAD_KIND
#define BAD_KIND RIG_KIND_PLACEMENT_SCORER
#endif
#ifndef BAD_COMPONENT_SIZE
#define BAD_COMPONENT_SIZE sizeof(rig_component)
#endif
#ifndef BAD_TABLE_SIZE
#define BAD_TABLE_SIZE sizeof(rig_placement_scorer)
#endif
#ifndef BAD_ROLE
#define BAD_ROLE RIG_ROLE_PREFERENCE
#endif
#ifndef BAD_ID
#define BAD_ID RIG_PLUGIN_ID
#endif
#ifndef BAD_NOTE
#define BAD_NOTE BAD_ID "\n" RIG_PLUGIN_VERSION
#endif
#ifndef BAD_NEEDS
#define BAD_NEEDS "rig.log/1?"
#endif

namespace {

constexpr rig_placement_scorer table{BAD_TABLE_SIZE,
                                     raw::candidate_columns,
                                     raw::workload_columns,
                                     0.0,
                                     1.0,
                                     &raw::score,
                                     nullptr,
                                     BAD_ROLE,
                                     0,
                                     nullptr,
                                     nullptr,
                                     0,
                                     0};
const void *query(rig_instance *, const char *id) {
#ifdef BAD_NULL_TABLE
    (void)id;
    return nullptr;
#else
    return id && std::strcmp(id, RIG_KIND_PLACEMENT_SCORER) == 0 ? &table : nullptr;
#endif
}
constexpr rig_instance_ops ops{sizeof(rig_instance_ops), &raw::start, &raw::stop, &raw::destroy, &query};

rig_code create(const rig_component *, const rig_host *, rig_doc, rig_instance **out, rig_error *) {
#ifdef BAD_NULL_INSTANCE
    *out = nullptr;
    (void)ops;
    return RIG_OK;
#else
    return raw::make(&ops, out);
#endif
}
constexpr const char *needs[] = {BAD_NEEDS, nullptr};
constexpr rig_component kBad{BAD_COMPONENT_SIZE,     0,     BAD_ID, BAD_KIND, "A deliberately bad plugin",
                             R"({"type":"object"})", needs, &create};
[[maybe_unused]] const rig_component *const components[] = {&kBad, nullptr};

} // namespace

#ifdef BAD_NO_COMPONENTS
#define BAD_COMPONENTS nullptr
#else
#define BAD_COMPONENTS components
#endif
#ifndef BAD_NO_NOTE
RAW_NOTE(BAD_NOTE);
#endif
extern "C" RIG_EXPORT const rig_plugin rig_plugin_v1 = {
    BAD_MAGIC,          BAD_MAJOR,   BAD_SIZE,       RIG_ABI_TARGET, BAD_ABI_MIN, BAD_ID,
    RIG_PLUGIN_VERSION, __VERSION__, BAD_COMPONENTS, nullptr,        nullptr};
