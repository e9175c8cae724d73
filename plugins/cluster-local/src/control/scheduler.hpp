// control/scheduler.hpp -- binds pods without a nodeName: filters nodes (ready, schedulable, taints, nodeSelector, node
// affinity, room), takes the one with the largest share left free, ties by name. What fits nowhere says why and waits
// for the cluster to change.
#pragma once
#include "control/controller.hpp"
#include "control/event_recorder.hpp"
#include "control/node_usage.hpp"
#include "server/api_server.hpp"

#include <nlohmann/json_fwd.hpp>

namespace cluster_local {

class Scheduler final : public Controller {
public:
    Scheduler(ApiServer &api, EventRecorder &events, const NodeUsage &usage)
        : api_(api), events_(events), usage_(usage) {}
    rig::Status run(size_t &budget) override;
    uint64_t due() const override;
    void on_put(const Record &, const Record *before) override;
    void on_erase(const Record &) override;
    void on_reset() override;

private:
    rig::Status schedule(const Record &pod);
    void room_came();

    ApiServer &api_;
    EventRecorder &events_;
    const NodeUsage &usage_;
    WorkQueue queue_;
    std::unordered_set<int64_t> waiting_; ///< pods that fitted nowhere
    uint64_t retry_at_ = kNever;          ///< something changed for the better: look at them again then
};

} // namespace cluster_local
