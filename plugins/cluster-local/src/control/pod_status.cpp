#include "control/pod_status.hpp"

#include "api/json.hpp"
#include "hash.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace cluster_local {
namespace {
std::string fake_digest(std::string_view text) {
    std::string out;
    char part[17];
    for (uint64_t i = 0; i < 4; ++i) {
        std::snprintf(part, sizeof part, "%016llx", static_cast<unsigned long long>(hash(text, i + 1)));
        out += part;
    }
    return out;
}
} // namespace

Json &PodStatus::status() { return child(pod_, "status"); }

Json &PodStatus::containers() {
    Json &statuses = status()["containerStatuses"];
    if (statuses.is_array() && !statuses.empty()) return statuses;
    statuses = Json::array();
    for (const Json &container : list_at(pod_, {"spec", "containers"}))
        statuses.push_back({{"name", text_at(container, {"name"})},
                            {"image", text_at(container, {"image"})},
                            {"imageID", ""},
                            {"ready", false},
                            {"started", false},
                            {"restartCount", 0},
                            {"lastState", Json::object()},
                            {"state", Json::object()}});
    return statuses;
}

void PodStatus::condition(std::string_view type, bool is, std::string_view reason, std::string_view message) {
    Json &conditions = status()["conditions"];
    if (!conditions.is_array()) conditions = Json::array();
    Json fresh = {
        {"type", type}, {"status", is ? "True" : "False"}, {"lastProbeTime", nullptr}, {"lastTransitionTime", now_}};
    if (!reason.empty()) fresh["reason"] = reason;
    if (!message.empty()) fresh["message"] = message;
    for (Json &old : conditions) {
        if (text_at(old, {"type"}) != type) continue;
        if (text_at(old, {"status"}) == text_at(fresh, {"status"}))
            fresh["lastTransitionTime"] = old["lastTransitionTime"];
        old = std::move(fresh);
        return;
    }
    conditions.push_back(std::move(fresh));
}
void PodStatus::not_ready(std::string_view reason) {
    condition("Ready", false, reason);
    condition("ContainersReady", false, reason);
    for (Json &container : containers()) container["ready"] = false;
}

void PodStatus::scheduled() { condition("PodScheduled", true); }
void PodStatus::unschedulable(std::string_view message) { condition("PodScheduled", false, "Unschedulable", message); }

void PodStatus::accepted(std::string_view host_ip) {
    status()["phase"] = "Pending";
    status()["hostIP"] = host_ip;
    status()["startTime"] = now_;
    condition("Initialized", true);
    not_ready("ContainersNotReady");
    condition("PodScheduled", true);
    waiting("ContainerCreating", "");
    Json done = Json::array();
    for (const Json &container : list_at(pod_, {"spec", "initContainers"}))
        done.push_back({{"name", text_at(container, {"name"})},
                        {"image", text_at(container, {"image"})},
                        {"imageID", ""},
                        {"ready", true},
                        {"restartCount", 0},
                        {"lastState", Json::object()},
                        {"state",
                         {{"terminated",
                           {{"exitCode", 0}, {"reason", "Completed"}, {"startedAt", now_}, {"finishedAt", now_}}}}}});
    if (!done.empty()) status()["initContainerStatuses"] = std::move(done);
}
void PodStatus::rejected(std::string_view reason, std::string_view message) {
    status()["startTime"] = now_;
    failed(reason, message);
}
void PodStatus::waiting(std::string_view reason, std::string_view message) {
    Json state = {{"reason", reason}};
    if (!message.empty()) state["message"] = message;
    for (Json &container : containers()) container["state"] = {{"waiting", state}};
}
void PodStatus::running(std::string_view pod_ip) {
    status()["phase"] = "Running";
    status()["podIP"] = pod_ip;
    status()["podIPs"] = Json::array({Json{{"ip", pod_ip}}});
    for (Json &container : containers()) {
        container["state"] = {{"running", {{"startedAt", now_}}}};
        container["started"] = true;
        if (find(container, {"lastState", "terminated"}))
            container["restartCount"] = integer_at(container, {"restartCount"}).value_or(0) + 1;
        container["imageID"] = "sha256:" + fake_digest(text_at(container, {"image"}));
        container["containerID"] = "sim://" + fake_digest(std::string(text_at(pod_, {"metadata", "uid"})) +
                                                          std::string(text_at(container, {"name"})) + now_);
    }
}
void PodStatus::ready(bool is) {
    if (!is) return not_ready("ContainersNotReady");
    for (Json &container : containers()) container["ready"] = true;
    condition("Ready", true);
    condition("ContainersReady", true);
}
void PodStatus::terminated(int exit_code, std::string_view reason, std::string_view message, bool final) {
    for (Json &container : containers()) {
        Json end = {{"exitCode", exit_code}, {"reason", reason}, {"finishedAt", now_}, {"startedAt", now_}};
        if (const auto started = text_at(container, {"state", "running", "startedAt"}); !started.empty())
            end["startedAt"] = started;
        if (!message.empty()) end["message"] = message;
        if (container.contains("containerID")) end["containerID"] = container["containerID"];
        container["state"] = {{"terminated", std::move(end)}};
        container["started"] = false;
    }
    not_ready(final && exit_code == 0 ? "PodCompleted" : "ContainersNotReady");
    if (final) status()["phase"] = exit_code == 0 ? "Succeeded" : "Failed";
}
void PodStatus::restarted(std::string_view reason, std::string_view message) {
    for (Json &container : containers())
        if (const Json *end = find(container, {"state", "terminated"})) container["lastState"] = {{"terminated", *end}};
    waiting(reason, message);
}
void PodStatus::failed(std::string_view reason, std::string_view message) {
    status()["phase"] = "Failed";
    status()["reason"] = reason;
    status()["message"] = message;
    if (!status().contains("conditions")) return;
    not_ready("PodFailed");
}
int64_t PodStatus::restart_count() const {
    int64_t most = 0;
    for (const Json &container : list_at(pod_, {"status", "containerStatuses"}))
        most = std::max(most, integer_at(container, {"restartCount"}).value_or(0));
    return most;
}

} // namespace cluster_local
