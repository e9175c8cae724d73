#include "control/event_recorder.hpp"

#include "api/json.hpp"
#include "api/time.hpp"
#include "hash.hpp"

#include <nlohmann/json.hpp>
#include <rigger/sdk/try.hpp>

namespace cluster_local {

rig::Status EventRecorder::record(const Record &about, std::string_view component, std::string_view type,
                                  std::string_view reason, std::string_view message) {
    if (keep_ == 0) return {};
    ObjectStore &store = api_.store();
    const std::string now = rfc3339(api_.clock().wall_ns());
    const uint64_t key = hash(message, hash(reason, hash(about.uid)));
    if (const auto seen = last_.find(key); seen != last_.end()) {
        const Record *event = store.find_id(seen->second);
        RIG_ASSIGN_OR_RETURN(Json object, store.object(*event));
        object["count"] = integer_at(object, {"count"}).value_or(1) + 1;
        object["lastTimestamp"] = now;
        RIG_RETURN_IF_ERROR(store.update(*event, object, std::nullopt));
        return {};
    }
    const std::string home = about.name_space.empty() ? "default" : about.name_space;
    const Record *name_space = store.find(namespace_kind(), "", home);
    if (!name_space || name_space->deleting) return {};
    const Json involved = {{"apiVersion", about.kind->info().api_version},
                           {"kind", about.kind->info().kind},
                           {"name", about.name},
                           {"namespace", about.name_space},
                           {"uid", about.uid},
                           {"resourceVersion", std::to_string(about.version)}};
    Json object = {
        {"metadata", {{"name", about.name.substr(0, 200) + "." + store.new_uid().substr(0, 16)}, {"namespace", home}}},
        {"involvedObject", involved},
        {"reason", reason},
        {"message", message},
        {"type", type},
        {"count", 1},
        {"firstTimestamp", now},
        {"lastTimestamp", now},
        {"source", {{"component", component}}}};
    std::string &name = object["metadata"]["name"].get_ref<std::string &>();
    name.erase(name.find_last_not_of('-') + 1);
    RIG_ASSIGN_OR_RETURN(const Record *event, api_.create(event_kind(), std::move(object)));
    ids_[event->id] = key;
    last_[key] = event->id;
    return {};
}

rig::Status EventRecorder::run(size_t &budget) {
    while (ids_.size() > keep_ && budget > 0) {
        --budget;
        RIG_RETURN_IF_ERROR(api_.store().erase(*api_.store().find_id(ids_.begin()->first)));
    }
    return {};
}
void EventRecorder::on_put(const Record &event, const Record *before) {
    if (event.kind == &event_kind() && !before) ids_.emplace(event.id, 0);
}
void EventRecorder::on_erase(const Record &event) {
    const auto it = ids_.find(event.id);
    if (it == ids_.end()) return;
    if (const auto last = last_.find(it->second); last != last_.end() && last->second == event.id) last_.erase(last);
    ids_.erase(it);
}
void EventRecorder::on_reset() {
    ids_.clear();
    last_.clear();
}

} // namespace cluster_local
