#include "kinds/node.hpp"

#include "api/json.hpp"
#include "api/labels.hpp"
#include "kinds/kind.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace cluster_local {
namespace {
constexpr std::array<std::string_view, kNodeFieldCount> kNodeFields{"spec.unschedulable", "~ready", "~allocatable",
                                                                    "~taints"};
constexpr KindInfo kNodeInfo{"v1", "Node", "nodes", false, true, kNodeFields};

class Node final : public Kind {
public:
    const KindInfo &info() const noexcept override { return kNodeInfo; }
    void set_defaults(Json &object) const override { child(object, "spec"); }
    void validate(const Json &object, Problems &problems) const override {
        const Checker check(object, problems);
        check.boolean("spec.unschedulable");
        check.array("spec.taints");
        check.quantities("status.capacity");
        check.quantities("status.allocatable");
    }
    Json initial_status(const Json &) const override { return Json::object(); }
    void index(const Json &object, std::vector<std::string> &values) const override {
        values[kNodeUnschedulable] = flag_at(object, {"spec", "unschedulable"}) ? "true" : "false";
        if (const Json *taints = find(object, {"spec", "taints"}); taints && !taints->empty())
            values[kNodeTaints] = "1";
    }
    void index_status(const Json &status, std::vector<std::string> &values) const override {
        const Json *allocatable = find(status, {"allocatable"});
        if (!allocatable) allocatable = find(status, {"capacity"});
        values[kNodeAllocatable] = allocatable ? to_index(resources_of(*allocatable)) : "";
        values[kNodeReady].clear();
        if (const Json *conditions = find(status, {"conditions"}); conditions && conditions->is_array())
            for (const Json &condition : *conditions)
                if (text_at(condition, {"type"}) == "Ready" && text_at(condition, {"status"}) == "True")
                    values[kNodeReady] = "1";
    }
};
} // namespace

bool node_ready(const Record &r) { return !value_at(r.fields, kNodeReady).empty(); }
bool node_unschedulable(const Record &r) { return value_at(r.fields, kNodeUnschedulable) == "true"; }
Resources node_allocatable(const Record &r) { return from_index(value_at(r.fields, kNodeAllocatable)); }
bool node_tainted(const Record &r) { return !value_at(r.fields, kNodeTaints).empty(); }

const Kind &node_kind() {
    static const Node kind;
    return kind;
}

} // namespace cluster_local
