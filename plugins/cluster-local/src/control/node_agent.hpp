// control/node_agent.hpp -- the kubelet of every node: admits bound pods, has a Runtime run them, writes their
// statuses, restarts containers with back-off, ends pods that are being deleted. Pods on a node that is down stand
// still until it is back.
#pragma once
#include "control/controller.hpp"
#include "control/event_recorder.hpp"
#include "control/node_usage.hpp"
#include "runtime/runtime.hpp"
#include "server/api_server.hpp"

#include <nlohmann/json_fwd.hpp>

#include <unordered_map>
#include <vector>

namespace cluster_local {

class NodeAgent final : public Controller {
public:
    NodeAgent(ApiServer &api, EventRecorder &events, const NodeUsage &usage, Runtime &runtime)
        : api_(api), events_(events), usage_(usage), runtime_(runtime) {}
    rig::Status run(size_t &budget) override;
    uint64_t due() const override;
    void on_put(const Record &, const Record *before) override;
    void on_erase(const Record &) override;
    void on_reset() override;

private:
    enum class Phase : uint8_t { fresh, launched, backoff, stopping };
    struct Pod {
        Phase phase = Phase::fresh;
        bool held = false; ///< its node is down
    };
    struct Loaded;
    struct Admitted {
        Resources used;
        int64_t pods = 0;
    };

    rig::Status look(const Record &);
    rig::Status admit(const Record &);
    rig::Status resume(const Record &);
    rig::Status stop(const Record &, Pod &);
    rig::Status take(const RuntimeReport &);
    rig::Status exited(Loaded &, const RuntimeReport &);
    rig::Status write(Loaded &, std::string_view stage);
    rig::Result<Loaded> load(const Record &);
    bool node_up(const Record &pod) const;
    void hold_room(const Record &pod, bool hold);
    std::string address(const Record &pod) const;

    ApiServer &api_;
    EventRecorder &events_;
    const NodeUsage &usage_;
    Runtime &runtime_;
    WorkQueue queue_; ///< pods to look at: fresh, deleted, back from back-off, or with their node back
    std::unordered_map<int64_t, Pod> pods_;          ///< bound and not finished
    std::unordered_map<std::string, Admitted> room_; ///< by node: what admitted pods hold
    std::unordered_map<int64_t, std::pair<std::string, Resources>> holds_;
    std::map<std::string, std::vector<RuntimeReport>, std::less<>> late_; ///< by node: what happened while it was down
};

} // namespace cluster_local
