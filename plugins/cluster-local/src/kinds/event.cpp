// kinds/event.cpp -- v1 Event: what the controllers did, and why something does not move.
#include "api/json.hpp"
#include "kinds/kind.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace cluster_local {
namespace {
enum Field : size_t { kObjectKind, kObjectNamespace, kObjectName, kObjectUid, kReason, kType, kFieldCount };
constexpr std::array<std::string_view, kFieldCount> kEventFields{
    "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "reason", "type"};
constexpr KindInfo kEventInfo{"v1", "Event", "events", true, false, kEventFields};

class Event final : public Kind {
public:
    const KindInfo &info() const noexcept override { return kEventInfo; }
    void validate(const Json &object, Problems &problems) const override {
        const Checker check(object, problems);
        if (!check.object("involvedObject")) return;
        check.required("involvedObject");
        check.string("reason");
        check.string("message");
        const auto about = text_at(object, {"involvedObject", "namespace"}),
                   here = text_at(object, {"metadata", "namespace"});
        if (about != here && !(about.empty() && here == "default"))
            problems.add("involvedObject.namespace", "Invalid value: does not match event.namespace");
    }
    Json initial_status(const Json &) const override { return nullptr; }
    void index(const Json &object, std::vector<std::string> &values) const override {
        values[kObjectKind] = text_at(object, {"involvedObject", "kind"});
        values[kObjectNamespace] = text_at(object, {"involvedObject", "namespace"});
        values[kObjectName] = text_at(object, {"involvedObject", "name"});
        values[kObjectUid] = text_at(object, {"involvedObject", "uid"});
        values[kReason] = text_at(object, {"reason"});
        values[kType] = text_at(object, {"type"});
    }
};
} // namespace

const Kind &event_kind() {
    static const Event kind;
    return kind;
}

} // namespace cluster_local
