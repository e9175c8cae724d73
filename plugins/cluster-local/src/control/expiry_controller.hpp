// control/expiry_controller.hpp -- deletes finished Jobs after ttlSecondsAfterFinished, and Events after an hour.
#pragma once
#include "control/controller.hpp"
#include "server/api_server.hpp"

namespace cluster_local {

class ExpiryController final : public Controller {
public:
    explicit ExpiryController(ApiServer &api) : api_(api) {}
    rig::Status run(size_t &budget) override;
    uint64_t due() const override { return queue_.due(); }
    void on_put(const Record &, const Record *before) override;
    void on_reset() override { queue_.clear(); }

private:
    rig::Status sync(const Record &);

    ApiServer &api_;
    WorkQueue queue_;
};

} // namespace cluster_local
