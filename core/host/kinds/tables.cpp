#include "host/kinds/tables.hpp"

#include <rigger/abi/kinds.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

namespace rigger::host {
namespace {
struct Member {
    const char *name;
    bool there;
};

Status check(const char *what, uint64_t size, uint64_t least, std::initializer_list<Member> members) {
    if (size < least)
        return invalid("TableIncomplete", std::string(what) + " says struct_size " + std::to_string(size) +
                                              ", ABI 1.0 needs at least " + std::to_string(least));
    for (const Member &m : members)
        if (!m.there) return invalid("TableIncomplete", std::string(what) + "." + m.name + " is NULL");
    return {};
}

#define RIG_SIZE_TO(type, last) (offsetof(type, last) + sizeof(type::last))

Status check_scorer(const void *table) {
    const rig_placement_scorer t = scorer_table(table);
    RIG_TRY(check("rig_placement_scorer", t.struct_size, RIG_SIZE_TO(rig_placement_scorer, explain),
                  {{"candidate_columns", t.candidate_columns != nullptr},
                   {"workload_columns", t.workload_columns != nullptr},
                   {"score", t.score != nullptr}}));
    if (t.role != RIG_ROLE_PREFERENCE && t.role != RIG_ROLE_VALUE)
        return invalid("TableIncomplete", "rig_placement_scorer.role is " + std::to_string(t.role));
    if (t.role == RIG_ROLE_PREFERENCE && !(std::isfinite(t.score_max - t.score_min) && t.score_min < t.score_max))
        return invalid("TableIncomplete",
                       "rig_placement_scorer: score_min must be less than score_max, both and their distance finite");
    return {};
}
} // namespace

rig_placement_scorer scorer_table(const void *table) noexcept {
    uint64_t size = 0;
    std::memcpy(&size, table, sizeof size);
    rig_placement_scorer whole{};
    std::memcpy(&whole, table, static_cast<size_t>(std::clamp<uint64_t>(size, sizeof size, sizeof whole)));
    return whole;
}

Status check_instance(const rig_instance *instance) {
    if (!instance) return invalid("InstanceMissing", "create() answered success without an instance");
    if (!instance->ops) return invalid("InstanceMissing", "the instance has no ops");
    const rig_instance_ops &o = *instance->ops;
    return check("rig_instance_ops", o.struct_size, RIG_SIZE_TO(rig_instance_ops, query),
                 {{"start", o.start != nullptr},
                  {"stop", o.stop != nullptr},
                  {"destroy", o.destroy != nullptr},
                  {"query", o.query != nullptr}});
}

Status check_table(std::string_view kind, const void *table) {
    if (!table) return invalid("InterfaceMissing", "the instance has no table for " + std::string(kind));
    if (kind == RIG_KIND_PLACEMENT_SCORER) return check_scorer(table);
    if (kind == RIG_KIND_RECONCILER) {
        const auto &t = *static_cast<const rig_reconciler *>(table);
        return check("rig_reconciler", t.struct_size, RIG_SIZE_TO(rig_reconciler, reconcile),
                     {{"watches", t.watches != nullptr}, {"reconcile", t.reconcile != nullptr}});
    }
    if (kind == RIG_KIND_VALIDATOR_SOURCE) {
        const auto &t = *static_cast<const rig_validator_source *>(table);
        return check("rig_validator_source", t.struct_size, RIG_SIZE_TO(rig_validator_source, authenticate),
                     {{"watch", t.watch != nullptr},
                      {"claim", t.claim != nullptr},
                      {"render", t.render != nullptr},
                      {"announce", t.announce != nullptr},
                      {"release", t.release != nullptr}});
    }
    if (kind == RIG_KIND_CLUSTER_BACKEND) {
        const auto &t = *static_cast<const rig_cluster_backend *>(table);
        return check("rig_cluster_backend", t.struct_size, RIG_SIZE_TO(rig_cluster_backend, logs),
                     {{"probe", t.probe != nullptr},
                      {"list", t.list != nullptr},
                      {"get", t.get != nullptr},
                      {"apply", t.apply != nullptr},
                      {"remove", t.remove != nullptr},
                      {"watch", t.watch != nullptr},
                      {"logs", t.logs != nullptr}});
    }
    if (kind == RIG_KIND_COMMAND_FRONTEND) {
        const auto &t = *static_cast<const rig_command_frontend *>(table);
        return check("rig_command_frontend", t.struct_size, RIG_SIZE_TO(rig_command_frontend, invoke),
                     {{"catalogue", t.catalogue != nullptr}, {"invoke", t.invoke != nullptr}});
    }
    return invalid("InterfaceMissing", "kind " + std::string(kind) + " is not known to this host");
}

} // namespace rigger::host
