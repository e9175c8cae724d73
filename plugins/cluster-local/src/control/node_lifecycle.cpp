#include "control/node_lifecycle.hpp"

#include "api/json.hpp"
#include "api/time.hpp"
#include "control/pod_status.hpp"
#include "kinds/node.hpp"
#include "kinds/pod.hpp"

#include <nlohmann/json.hpp>
#include <rigger/sdk/try.hpp>

#include <algorithm>

namespace cluster_local {
namespace {
constexpr uint64_t kEvictAfter = 300 * kSecond, kOrphanAfter = 40 * kSecond;
constexpr std::string_view kNodeController = "node-controller";
} // namespace

void NodeLifecycle::on_put(const Record &record, const Record *before) {
    const uint64_t now = api_.clock().mono_ns();
    if (record.kind == &node_kind()) {
        if (!before) outage_check_ = 0;
        if (!node_ready(record) && (!before || node_ready(*before))) evictions_.add_at(record.id, now + kEvictAfter);
    } else if (record.kind == &pod_kind() && !pod_node(record).empty() && (!before || pod_node(*before).empty())) {
        const NodeState *node = usage_.find(pod_node(record));
        if (!node || node->id == 0) orphans_.add_at(record.id, now + kOrphanAfter);
    }
}
void NodeLifecycle::on_erase(const Record &record) {
    if (record.kind != &node_kind()) return;
    if (const NodeState *node = usage_.find(record.name))
        for (const int64_t pod : node->pods) orphans_.add_at(pod, api_.clock().mono_ns() + kOrphanAfter);
}
void NodeLifecycle::on_reset() {
    evictions_.clear();
    orphans_.clear();
    outage_check_ = 0;
}

rig::Status NodeLifecycle::run(size_t &budget) {
    const uint64_t now = api_.clock().mono_ns();
    if (outage_check_ <= now) RIG_RETURN_IF_ERROR(check_outages(budget));
    while (budget > 0) {
        if (const auto id = evictions_.pop(now)) {
            --budget;
            const Record *node = api_.store().find_id(*id);
            if (node && !node_ready(*node)) RIG_RETURN_IF_ERROR(evict(*node, budget));
        } else if (const auto pod_id = orphans_.pop(now)) {
            --budget;
            const Record *pod = api_.store().find_id(*pod_id);
            const NodeState *node = pod ? usage_.find(pod_node(*pod)) : nullptr;
            if (!node || node->id != 0) continue;
            RIG_RETURN_IF_ERROR(
                events_.warning(*pod, kNodeController, "NodeGone",
                                "Deleting pod of node " + std::string(pod_node(*pod)) + ", which does not exist"));
            RIG_RETURN_IF_ERROR(api_.finish_deletion(*pod));
        } else {
            break;
        }
    }
    return {};
}

rig::Status NodeLifecycle::check_outages(size_t &budget) {
    const uint64_t now = api_.clock().mono_ns();
    const double at = static_cast<double>(now - epoch_) / 1e9;
    std::vector<int64_t> nodes;
    for (const auto &[name, node] : usage_.nodes())
        if (node.id != 0) nodes.push_back(node.id);
    for (const int64_t id : nodes) {
        const Record &node = *api_.store().find_id(id);
        const bool up = std::none_of(script_.outages.begin(), script_.outages.end(),
                                     [&](const Outage &o) { return o.down(node.name, at); });
        if (up != node_ready(node)) RIG_RETURN_IF_ERROR(turn(node, up, budget));
    }
    outage_check_ = kNever;
    for (const Outage &outage : script_.outages)
        if (const auto edge = outage.next_edge(at))
            outage_check_ = std::min(outage_check_, std::max(epoch_ + seconds(*edge), now + 1));
    return {};
}

rig::Status NodeLifecycle::turn(const Record &node, bool up, size_t &budget) {
    const std::string now = rfc3339(api_.clock().wall_ns());
    RIG_ASSIGN_OR_RETURN(Json status, api_.store().status(node));
    if (!status["conditions"].is_array()) status["conditions"] = Json::array();
    Json ready = {{"type", "Ready"},
                  {"status", up ? "True" : "Unknown"},
                  {"reason", up ? "KubeletReady" : "NodeStatusUnknown"},
                  {"lastHeartbeatTime", now},
                  {"message", up ? "kubelet is posting ready status" : "Kubelet stopped posting node status."},
                  {"lastTransitionTime", now}};
    Json &conditions = status["conditions"];
    const auto old = std::find_if(conditions.begin(), conditions.end(),
                                  [](const Json &c) { return text_at(c, {"type"}) == "Ready"; });
    if (old == conditions.end()) conditions.push_back(std::move(ready));
    else *old = std::move(ready);
    RIG_RETURN_IF_ERROR(api_.store().update_status(node, status));
    RIG_RETURN_IF_ERROR(
        up ? events_.normal(node, kNodeController, "NodeReady", "Node " + node.name + " status is now: NodeReady")
           : events_.warning(node, kNodeController, "NodeNotReady",
                             "Node " + node.name + " status is now: NodeNotReady"));
    const NodeState *state = usage_.find(node.name);
    for (const int64_t id : state ? std::set<int64_t>(state->pods) : std::set<int64_t>()) {
        const Record &pod = *api_.store().find_id(id);
        if (pod_finished(pod) || pod_ready(pod) == up) continue;
        RIG_ASSIGN_OR_RETURN(const std::string memo, api_.store().memo(pod));
        if (up && !memo.starts_with("ready ")) continue;
        budget -= budget > 0;
        RIG_ASSIGN_OR_RETURN(Json object, api_.store().object(pod));
        PodStatus(object, now).ready(up);
        RIG_RETURN_IF_ERROR(api_.store().update_status(pod, object["status"]));
    }
    return {};
}

rig::Status NodeLifecycle::evict(const Record &node, size_t &budget) {
    const NodeState *state = usage_.find(node.name);
    for (const int64_t id : state ? std::set<int64_t>(state->pods) : std::set<int64_t>()) {
        const Record &pod = *api_.store().find_id(id);
        if (pod_finished(pod) || pod.deleting) continue;
        budget -= budget > 0;
        RIG_RETURN_IF_ERROR(events_.warning(pod, kNodeController, "TaintManagerEviction",
                                            "Marking for deletion: node " + node.name + " is unreachable"));
        RIG_RETURN_IF_ERROR(api_.remove(pod, {}));
    }
    return {};
}

} // namespace cluster_local
