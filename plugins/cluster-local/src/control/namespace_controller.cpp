#include "control/namespace_controller.hpp"

#include "api/json.hpp"

#include <nlohmann/json.hpp>
#include <rigger/sdk/try.hpp>

namespace cluster_local {

void NamespaceController::on_put(const Record &record, const Record *) {
    if (record.kind == &namespace_kind() && record.deleting) queue_.add(record.id);
}
void NamespaceController::on_erase(const Record &record) {
    if (record.name_space.empty()) return;
    const Record *home = api_.store().find(namespace_kind(), "", record.name_space);
    if (home && home->deleting) queue_.add(home->id);
}

rig::Status NamespaceController::run(size_t &budget) {
    while (budget > 0) {
        const auto id = queue_.pop(api_.clock().mono_ns());
        if (!id) return {};
        --budget;
        const Record *record = api_.store().find_id(*id);
        if (record && record->deleting) RIG_RETURN_IF_ERROR(empty(*record, budget));
    }
    return {};
}

rig::Status NamespaceController::empty(const Record &name_space, size_t &budget) {
    std::vector<int64_t> condemned;
    bool left = false;
    for (const Kind *kind : kinds_.all()) {
        if (!kind->info().namespaced) continue;
        api_.store().each(*kind, name_space.name, [&](const Record &record) {
            left = true;
            if (!record.deleting) condemned.push_back(record.id);
            return condemned.size() <= budget;
        });
    }
    for (const int64_t id : condemned) {
        if (budget == 0) break;
        --budget;
        if (const Record *record = api_.store().find_id(id)) RIG_RETURN_IF_ERROR(api_.remove(*record, {}));
    }
    if (!condemned.empty()) queue_.add(name_space.id);
    if (left) return {};
    RIG_ASSIGN_OR_RETURN(Json object, api_.store().object(name_space));
    object["spec"]["finalizers"] = Json::array();
    return api_.replace(name_space, object);
}

} // namespace cluster_local
