#include "control/scheduler.hpp"

#include "api/json.hpp"
#include "api/selector.hpp"
#include "api/time.hpp"
#include "control/pod_status.hpp"
#include "kinds/node.hpp"
#include "kinds/pod.hpp"

#include <nlohmann/json.hpp>
#include <rigger/sdk/try.hpp>

#include <algorithm>

namespace cluster_local {
namespace {
constexpr std::string_view kScheduler = "default-scheduler";
constexpr uint64_t kSettle = kSecond / 10; ///< several changes at once cause one look at the waiting pods

/// What a pod demands of a node's labels and taints.
struct Demand {
    LabelSelector selector;
    std::vector<LabelSelector> affinity; ///< one of them must match, if there are any
    bool has_affinity = false;
    Json tolerations;
};

rig::Result<Demand> demand_of(const Json &pod) {
    Demand demand;
    if (const Json *selector = find(pod, {"spec", "nodeSelector"})) {
        RIG_ASSIGN_OR_RETURN(demand.selector, LabelSelector::of({{"matchLabels", *selector}}));
    }
    if (const Json *terms = find(pod, {"spec", "affinity", "nodeAffinity",
                                       "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"});
        terms && terms->is_array()) {
        demand.has_affinity = true;
        for (const Json &term : *terms) {
            RIG_ASSIGN_OR_RETURN(LabelSelector one, LabelSelector::of(term));
            if (!one.empty()) demand.affinity.push_back(std::move(one));
        }
    }
    if (const Json *tolerations = find(pod, {"spec", "tolerations"}); tolerations && tolerations->is_array())
        demand.tolerations = *tolerations;
    return demand;
}

bool tolerated(const Json &taint, const Json &tolerations) {
    if (text_at(taint, {"effect"}) == "PreferNoSchedule") return true;
    if (!tolerations.is_array()) return false;
    return std::any_of(tolerations.begin(), tolerations.end(), [&](const Json &t) {
        const auto effect = text_at(t, {"effect"}), key = text_at(t, {"key"});
        if (!effect.empty() && effect != text_at(taint, {"effect"})) return false;
        if (text_at(t, {"operator"}) == "Exists") return key.empty() || key == text_at(taint, {"key"});
        return key == text_at(taint, {"key"}) && text_at(t, {"value"}) == text_at(taint, {"value"});
    });
}

/// Why the pod does not fit, in the scheduler's words; nullptr: it fits.
const char *lacking(const NodeState &node, const Resources &want) {
    if (node.used.cpu_milli + want.cpu_milli > node.allocatable.cpu_milli && want.cpu_milli > 0)
        return "Insufficient cpu";
    if (node.used.memory + want.memory > node.allocatable.memory && want.memory > 0) return "Insufficient memory";
    if (node.used.storage + want.storage > node.allocatable.storage && want.storage > 0)
        return "Insufficient ephemeral-storage";
    if (node.used.gpus + want.gpus > node.allocatable.gpus && want.gpus > 0) return "Insufficient nvidia.com/gpu";
    return node.running >= node.pod_limit ? "Too many pods" : nullptr;
}

double free_share(const NodeState &node, const Resources &want) {
    double sum = 0;
    int counted = 0;
    const auto add = [&](int64_t used, int64_t all) {
        if (all <= 0) return;
        sum += 1 - static_cast<double>(used) / static_cast<double>(all);
        ++counted;
    };
    add(node.used.cpu_milli + want.cpu_milli, node.allocatable.cpu_milli);
    add(node.used.memory + want.memory, node.allocatable.memory);
    if (want.gpus > 0) add(node.used.gpus + want.gpus, node.allocatable.gpus);
    return counted ? sum / counted : 0;
}
} // namespace

void Scheduler::room_came() {
    if (!waiting_.empty()) retry_at_ = std::min(retry_at_, api_.clock().mono_ns() + kSettle);
}
void Scheduler::on_put(const Record &record, const Record *before) {
    if (record.kind == &node_kind()) return room_came();
    if (record.kind != &pod_kind()) return;
    const bool pending = pod_node(record).empty() && !record.deleting && !pod_finished(record);
    if (!pending) waiting_.erase(record.id);
    if (pending && !before) queue_.add(record.id);
    if (before && pod_finished(record) && !pod_finished(*before)) room_came();
}
void Scheduler::on_erase(const Record &record) {
    if (record.kind != &pod_kind()) return;
    waiting_.erase(record.id);
    room_came();
}
void Scheduler::on_reset() {
    queue_.clear();
    waiting_.clear();
    retry_at_ = kNever;
}
uint64_t Scheduler::due() const { return std::min(queue_.due(), retry_at_); }

rig::Status Scheduler::run(size_t &budget) {
    const uint64_t now = api_.clock().mono_ns();
    if (retry_at_ <= now) {
        for (const int64_t id : waiting_) queue_.add(id);
        retry_at_ = kNever;
    }
    while (budget > 0) {
        const auto id = queue_.pop(now);
        if (!id) return {};
        --budget;
        const Record *pod = api_.store().find_id(*id);
        if (pod && pod_node(*pod).empty() && !pod->deleting) RIG_RETURN_IF_ERROR(schedule(*pod));
    }
    return {};
}

rig::Status Scheduler::schedule(const Record &pod) {
    RIG_ASSIGN_OR_RETURN(Json object, api_.store().object(pod));
    if (text_at(object, {"spec", "schedulerName"}) != kScheduler) return {};
    auto demand = demand_of(object);
    std::map<std::string, int> reasons;
    std::string best;
    double best_share = -1;
    const Resources want = pod_requests(pod);
    size_t total = 0;
    for (const auto &[name, node] : usage_.nodes()) {
        if (node.id == 0) continue;
        ++total;
        const Record &record = *api_.store().find_id(node.id);
        const char *reason = nullptr;
        if (!node.ready) reason = "node(s) were not ready";
        else if (node.unschedulable) reason = "node(s) were unschedulable";
        else if (!demand.ok() || !demand->selector.matches(record.labels) ||
                 (demand->has_affinity && std::none_of(demand->affinity.begin(), demand->affinity.end(),
                                                       [&](const auto &s) { return s.matches(record.labels); })))
            reason = "node(s) didn't match Pod's node affinity/selector";
        else reason = lacking(node, want);
        if (!reason && node_tainted(record)) {
            RIG_ASSIGN_OR_RETURN(const Json host, api_.store().object(record));
            const Json &taints = host.at("spec").at("taints");
            if (!std::all_of(taints.begin(), taints.end(),
                             [&](const Json &t) { return tolerated(t, demand->tolerations); }))
                reason = "node(s) had taints that the pod didn't tolerate";
        }
        if (reason) {
            ++reasons[reason];
        } else if (const double share = free_share(node, want); share > best_share) {
            best_share = share;
            best = name;
        }
    }
    PodStatus status(object, rfc3339(api_.clock().wall_ns()));
    if (!best.empty()) {
        object["spec"]["nodeName"] = best;
        status.scheduled();
        RIG_RETURN_IF_ERROR(api_.replace(pod, object));
        return events_.normal(pod, kScheduler, "Scheduled",
                              "Successfully assigned " + pod.name_space + "/" + pod.name + " to " + best);
    }
    std::string message = "0/" + std::to_string(total) + " nodes are available";
    const char *separator = ": ";
    for (const auto &[reason, count] : reasons) {
        message += separator + std::to_string(count) + " " + reason;
        separator = ", ";
    }
    waiting_.insert(pod.id);
    const Json before = object.value("status", Json::object());
    status.unschedulable(message + ".");
    if (object["status"] == before) return {};
    RIG_RETURN_IF_ERROR(api_.store().update_status(pod, object["status"]));
    return events_.warning(pod, kScheduler, "FailedScheduling", message + ".");
}

} // namespace cluster_local
