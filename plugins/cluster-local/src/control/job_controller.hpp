// control/job_controller.hpp -- batch/v1 Jobs: creates and counts their pods, and decides Complete and Failed.
//
// Every pod of a job carries the finalizer batch.kubernetes.io/job-tracking until it was counted, in the same
// transaction; so each pod counts exactly once, whatever happens between.
#pragma once
#include "control/controller.hpp"
#include "control/event_recorder.hpp"
#include "server/api_server.hpp"

#include <nlohmann/json_fwd.hpp>

namespace cluster_local {

class JobController final : public Controller {
public:
    JobController(ApiServer &api, EventRecorder &events) : api_(api), events_(events) {}
    rig::Status run(size_t &budget) override;
    uint64_t due() const override { return orphans_.due() == 0 ? 0 : jobs_.due(); }
    void on_put(const Record &, const Record *before) override;
    void on_erase(const Record &) override;
    void on_reset() override;

private:
    struct Sync;
    rig::Status sync(const Record &job);
    rig::Status count_pods(Sync &);
    rig::Status decide(Sync &);
    rig::Status scale(Sync &);
    rig::Status finish(Sync &, std::string_view condition, std::string_view reason, std::string_view message);
    rig::Status create_pod(Sync &);
    rig::Status retry_create(Sync &, const rig::Error &);
    rig::Status release_orphan(const Record &pod);

    ApiServer &api_;
    EventRecorder &events_;
    WorkQueue jobs_, orphans_;
};

} // namespace cluster_local
