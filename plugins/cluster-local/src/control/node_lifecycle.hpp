// control/node_lifecycle.hpp -- outages of nodes as scripted, and what Kubernetes does about them: Ready turns Unknown,
// pods there turn not ready, after five minutes they are evicted; pods of a node that does not exist are deleted after
// 40 s.
#pragma once
#include "control/controller.hpp"
#include "control/event_recorder.hpp"
#include "control/node_usage.hpp"
#include "runtime/script.hpp"
#include "server/api_server.hpp"

namespace cluster_local {

class NodeLifecycle final : public Controller {
public:
    NodeLifecycle(ApiServer &api, EventRecorder &events, const NodeUsage &usage, const Script &script)
        : api_(api), events_(events), usage_(usage), script_(script), epoch_(api.clock().mono_ns()) {}
    rig::Status run(size_t &budget) override;
    uint64_t due() const override { return std::min({outage_check_, evictions_.due(), orphans_.due()}); }
    void on_put(const Record &, const Record *before) override;
    void on_erase(const Record &) override;
    void on_reset() override;

private:
    rig::Status check_outages(size_t &budget);
    rig::Status turn(const Record &node, bool up, size_t &budget);
    rig::Status evict(const Record &node, size_t &budget);

    ApiServer &api_;
    EventRecorder &events_;
    const NodeUsage &usage_;
    const Script &script_;
    uint64_t epoch_;
    uint64_t outage_check_ = 0;
    WorkQueue evictions_; ///< nodes
    WorkQueue orphans_;   ///< pods
};

} // namespace cluster_local
