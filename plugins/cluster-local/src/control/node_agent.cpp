#include "control/node_agent.hpp"

#include "api/json.hpp"
#include "api/labels.hpp"
#include "api/time.hpp"
#include "control/pod_status.hpp"
#include "hash.hpp"
#include "kinds/node.hpp"
#include "kinds/pod.hpp"

#include <nlohmann/json.hpp>
#include <rigger/sdk/try.hpp>

#include <algorithm>
#include <charconv>

namespace cluster_local {
namespace {
using What = RuntimeReport::What;
constexpr std::string_view kKubelet = "kubelet";

/// "0: at once, then 10 s, doubling to 5 min" before the n-th restart.
uint64_t restart_delay(int64_t restarts) {
    return restarts == 0 ? 0 : std::min<uint64_t>(300, 10ULL << std::min<int64_t>(restarts - 1, 5)) * kSecond;
}
} // namespace

/// A pod's object in hand, with what a runtime wants to know of it.
struct NodeAgent::Loaded {
    const Record &record;
    Json object;
    PodStatus status(const Clock &clock) { return PodStatus(object, rfc3339(clock.wall_ns())); }
    PodTask task() {
        const Json *containers = find(object, {"spec", "containers"});
        const auto image =
            containers && !containers->empty() ? text_at(containers->front(), {"image"}) : std::string_view();
        const auto restarts = PodStatus(object, {}).restart_count();
        return {record.id,        record.uid, record.name_space, record.name,
                pod_node(record), image,      record.labels,     static_cast<uint32_t>(restarts)};
    }
};

rig::Result<NodeAgent::Loaded> NodeAgent::load(const Record &record) {
    RIG_ASSIGN_OR_RETURN(Json object, api_.store().object(record));
    return Loaded{record, std::move(object)};
}
/// The memo "stage wall-time" lets a restarted daemon go on where this one ended.
rig::Status NodeAgent::write(Loaded &pod, std::string_view stage) {
    const std::string memo = std::string(stage) + " " + std::to_string(api_.clock().wall_ns());
    return api_.store().update_status(pod.record, pod.object["status"], memo);
}

void NodeAgent::on_put(const Record &record, const Record *) {
    if (record.kind == &node_kind() && node_ready(record)) {
        const NodeState *node = usage_.find(record.name);
        if (!node || late_.empty()) return; // pods wait for a node only where something was put off
        for (const int64_t id : node->pods)
            if (const auto it = pods_.find(id); it != pods_.end() && it->second.held) queue_.add(id);
        return;
    }
    if (record.kind != &pod_kind() || pod_node(record).empty()) return;
    if (pod_finished(record)) {
        if (pods_.erase(record.id)) runtime_.forget(record.id);
        hold_room(record, false);
        if (record.deleting) queue_.add(record.id);
        return;
    }
    const auto [it, fresh] = pods_.try_emplace(record.id);
    if (fresh || (record.deleting && it->second.phase != Phase::stopping)) queue_.add(record.id);
}
void NodeAgent::on_erase(const Record &record) {
    if (record.kind == &node_kind()) late_.erase(record.name);
    if (!pods_.erase(record.id)) return;
    runtime_.forget(record.id);
    hold_room(record, false);
}
void NodeAgent::on_reset() {
    queue_.clear();
    pods_.clear();
    room_.clear();
    holds_.clear();
    late_.clear();
    runtime_.forget_all();
}
uint64_t NodeAgent::due() const { return std::min(queue_.due(), runtime_.due()); }

bool NodeAgent::node_up(const Record &pod) const {
    const NodeState *node = usage_.find(pod_node(pod));
    return node && node->id != 0 && node->ready;
}
void NodeAgent::hold_room(const Record &pod, bool hold) {
    if (const auto it = holds_.find(pod.id); it != holds_.end()) {
        Admitted &room = room_[it->second.first];
        room.used -= it->second.second;
        --room.pods;
        holds_.erase(it);
    }
    if (!hold) return;
    Admitted &room = room_[std::string(pod_node(pod))];
    room.used += pod_requests(pod);
    ++room.pods;
    holds_[pod.id] = {std::string(pod_node(pod)), pod_requests(pod)};
}
std::string NodeAgent::address(const Record &pod) const {
    const auto h = static_cast<uint32_t>(pod.id) + 2;
    return "10." + std::to_string(200 + (h >> 16) % 40) + "." + std::to_string(h >> 8 & 255) + "." +
           std::to_string(h & 255);
}

rig::Status NodeAgent::run(size_t &budget) {
    const uint64_t now = api_.clock().mono_ns();
    while (budget > 0) {
        if (const auto id = queue_.pop(now)) {
            --budget;
            if (const Record *record = api_.store().find_id(*id)) RIG_RETURN_IF_ERROR(look(*record));
        } else if (const auto report = runtime_.next(now)) {
            --budget;
            RIG_RETURN_IF_ERROR(take(*report));
        } else {
            break;
        }
    }
    return {};
}

rig::Status NodeAgent::look(const Record &record) {
    if (pod_finished(record)) return record.deleting ? api_.finish_deletion(record) : rig::Status();
    const auto it = pods_.find(record.id);
    if (it == pods_.end()) return {};
    Pod &pod = it->second;
    pod.held = !node_up(record);
    if (pod.held) {
        late_[std::string(pod_node(record))];
        return {};
    }
    if (const auto late = late_.find(pod_node(record)); late != late_.end()) {
        const std::vector<RuntimeReport> reports = std::move(late->second);
        late_.erase(late);
        const int64_t id = record.id;
        for (const RuntimeReport &report : reports) RIG_RETURN_IF_ERROR(take(report));
        const Record *still = api_.store().find_id(id);
        return still ? look(*still) : rig::Status();
    }
    if (pod.phase == Phase::fresh) {
        RIG_ASSIGN_OR_RETURN(const std::string memo, api_.store().memo(record));
        RIG_RETURN_IF_ERROR(memo.empty() ? admit(record) : resume(record));
    }
    const auto still = pods_.find(record.id);
    if (still == pods_.end()) return {};
    if (record.deleting) return still->second.phase == Phase::stopping ? rig::Status() : stop(record, still->second);
    if (still->second.phase != Phase::backoff) return {};
    RIG_ASSIGN_OR_RETURN(Loaded loaded, load(record));
    PodTask task = loaded.task();
    ++task.attempt;
    still->second.phase = Phase::launched;
    runtime_.launch(task, api_.clock().mono_ns());
    return {};
}

rig::Status NodeAgent::admit(const Record &record) {
    const NodeState &node = *usage_.find(pod_node(record));
    const Admitted &room = room_[std::string(pod_node(record))];
    const Resources want = pod_requests(record), &have = node.allocatable;
    const struct {
        const char *name;
        int64_t want, used, have;
    } checks[] = {{"cpu", want.cpu_milli, room.used.cpu_milli, have.cpu_milli},
                  {"memory", want.memory, room.used.memory, have.memory},
                  {"ephemeral-storage", want.storage, room.used.storage, have.storage},
                  {"nvidia.com/gpu", want.gpus, room.used.gpus, have.gpus},
                  {"pods", 1, room.pods, node.pod_limit}};
    RIG_ASSIGN_OR_RETURN(Loaded loaded, load(record));
    for (const auto &check : checks) {
        if (check.want == 0 || check.used + check.want <= check.have) continue;
        const std::string reason = std::string("OutOf") + check.name;
        const std::string message = std::string("Pod was rejected: Node didn't have enough resource: ") + check.name +
                                    ", requested: " + std::to_string(check.want) +
                                    ", used: " + std::to_string(check.used) +
                                    ", capacity: " + std::to_string(check.have);
        loaded.status(api_.clock()).rejected(reason, message);
        RIG_RETURN_IF_ERROR(write(loaded, "rejected"));
        return events_.warning(record, kKubelet, reason, message);
    }
    hold_room(record, true);
    RIG_ASSIGN_OR_RETURN(const std::string host, api_.store().text(*api_.store().find_id(node.id)));
    std::string host_ip;
    const Json host_object = Json::parse(host);
    if (const Json *addresses = find(host_object, {"status", "addresses"}))
        for (const Json &address : *addresses)
            if (host_ip.empty() || text_at(address, {"type"}) == "InternalIP") host_ip = text_at(address, {"address"});
    loaded.status(api_.clock()).accepted(host_ip);
    RIG_RETURN_IF_ERROR(write(loaded, "launched"));
    pods_[record.id].phase = Phase::launched;
    runtime_.launch(loaded.task(), api_.clock().mono_ns());
    return {};
}

/// A pod that an earlier run of the daemon admitted.
rig::Status NodeAgent::resume(const Record &record) {
    RIG_ASSIGN_OR_RETURN(Loaded loaded, load(record));
    RIG_ASSIGN_OR_RETURN(const std::string memo, api_.store().memo(record));
    const size_t space = memo.find(' ');
    const std::string stage = memo.substr(0, space);
    int64_t since = 0;
    if (space != std::string::npos) (void)std::from_chars(memo.data() + space + 1, memo.data() + memo.size(), since);
    const int64_t age = std::max<int64_t>(0, api_.clock().wall_ns() - since);
    hold_room(record, true);
    Pod &pod = pods_[record.id];
    pod.phase = Phase::launched;
    PodTask task = loaded.task();
    const uint64_t now = api_.clock().mono_ns();
    if (stage == "backoff") {
        pod.phase = Phase::backoff;
        const uint64_t delay = restart_delay(task.attempt);
        queue_.add_at(record.id, now + (static_cast<uint64_t>(age) < delay ? delay - static_cast<uint64_t>(age) : 0));
        return {};
    }
    const Stage at = stage == "running" ? Stage::running : stage == "ready" ? Stage::ready : Stage::launched;
    runtime_.adopt(task, at, static_cast<uint64_t>(age), now);
    return {};
}

rig::Status NodeAgent::stop(const Record &record, Pod &pod) {
    RIG_ASSIGN_OR_RETURN(Loaded loaded, load(record));
    const auto grace = integer_at(loaded.object, {"metadata", "deletionGracePeriodSeconds"}).value_or(0);
    const bool idle = pod.phase != Phase::launched;
    pod.phase = Phase::stopping;
    RIG_RETURN_IF_ERROR(events_.normal(record, kKubelet, "Killing", "Stopping containers"));
    if (idle) return take({record.id, What::stopped, 0, {}, {}});
    runtime_.stop(record.id, seconds(static_cast<double>(grace)), api_.clock().mono_ns());
    return {};
}

rig::Status NodeAgent::take(const RuntimeReport &report) {
    const Record *record = api_.store().find_id(report.pod);
    const auto it = pods_.find(report.pod);
    if (!record || it == pods_.end()) return {};
    if (!node_up(*record)) {
        it->second.held = true;
        late_[std::string(pod_node(*record))].push_back(report);
        return {};
    }
    RIG_ASSIGN_OR_RETURN(Loaded loaded, load(*record));
    PodStatus status = loaded.status(api_.clock());
    switch (report.what) {
    case What::pull_failed:
        status.waiting(report.reason, report.message);
        RIG_RETURN_IF_ERROR(write(loaded, "launched"));
        return events_.warning(*record, kKubelet, report.reason == "ErrImagePull" ? "Failed" : "BackOff",
                               report.reason + ": " + report.message);
    case What::started:
        status.running(address(*record));
        RIG_RETURN_IF_ERROR(write(loaded, "running"));
        return events_.normal(*record, kKubelet, "Started", "Started containers");
    case What::ready: status.ready(true); return write(loaded, "ready");
    case What::exited: return exited(loaded, report);
    case What::evicted:
        status.terminated(137, "Evicted", report.message, true);
        status.failed(report.reason, report.message);
        RIG_RETURN_IF_ERROR(write(loaded, "finished"));
        return events_.warning(*record, kKubelet, report.reason, report.message);
    case What::stopped:
        status.terminated(report.exit_code, report.reason.empty() ? "Completed" : report.reason, {}, true);
        if (loaded.record.finalizers)
            RIG_RETURN_IF_ERROR(write(loaded, "finished")); // somebody still wants to see how it ended
        return api_.finish_deletion(*record);
    }
    return {};
}

rig::Status NodeAgent::exited(Loaded &loaded, const RuntimeReport &report) {
    const Record &record = loaded.record;
    PodStatus status = loaded.status(api_.clock());
    const auto policy = text_at(loaded.object, {"spec", "restartPolicy"});
    const bool again = policy == "Always" || (policy == "OnFailure" && report.exit_code != 0);
    const int64_t restarts = status.restart_count();
    status.terminated(report.exit_code, report.reason, report.message, !again);
    if (!again) return write(loaded, "finished");
    const uint64_t delay = restart_delay(restarts);
    status.restarted(delay == 0 ? "ContainerCreating" : "CrashLoopBackOff",
                     delay == 0 ? "" : "back-off " + std::to_string(delay / kSecond) + "s restarting failed container");
    RIG_RETURN_IF_ERROR(write(loaded, "backoff"));
    pods_[record.id].phase = Phase::backoff;
    queue_.add_at(record.id, api_.clock().mono_ns() + delay);
    return delay == 0 ? rig::Status()
                      : events_.warning(record, kKubelet, "BackOff", "Back-off restarting failed container");
}

} // namespace cluster_local
