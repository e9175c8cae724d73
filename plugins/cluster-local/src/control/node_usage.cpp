#include "control/node_usage.hpp"

#include "kinds/node.hpp"
#include "kinds/pod.hpp"

namespace cluster_local {

const NodeState *NodeUsage::find(std::string_view node) const {
    const auto it = nodes_.find(node);
    return it == nodes_.end() ? nullptr : &it->second;
}

void NodeUsage::on_put(const Record &record, const Record *before) {
    if (record.kind == &node_kind()) {
        NodeState &node = nodes_[record.name];
        node.id = record.id;
        node.ready = node_ready(record);
        node.unschedulable = node_unschedulable(record) || record.deleting;
        node.allocatable = node_allocatable(record);
    } else if (record.kind == &pod_kind()) {
        if (before && pod_node(*before) == pod_node(record) && pod_finished(*before) == pod_finished(record)) return;
        if (before) account(*before, false);
        account(record, true);
    }
}
void NodeUsage::on_erase(const Record &record) {
    if (record.kind == &pod_kind()) return account(record, false);
    if (record.kind != &node_kind()) return;
    NodeState &node = nodes_[record.name];
    node.id = 0;
    node.ready = false;
    drop_if_empty(record.name);
}
void NodeUsage::account(const Record &pod, bool add) {
    const std::string name(pod_node(pod));
    if (name.empty()) return;
    NodeState &node = nodes_[name];
    if (add) node.pods.insert(pod.id);
    else node.pods.erase(pod.id);
    if (!pod_finished(pod)) {
        node.running += add ? 1 : -1;
        if (add) node.used += pod_requests(pod);
        else node.used -= pod_requests(pod);
    }
    if (!add) drop_if_empty(name);
}
void NodeUsage::drop_if_empty(const std::string &node) {
    const auto it = nodes_.find(node);
    if (it != nodes_.end() && it->second.id == 0 && it->second.pods.empty()) nodes_.erase(it);
}

} // namespace cluster_local
