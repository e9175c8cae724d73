// control/namespace_controller.hpp -- empties a namespace that is being deleted, then lets it go.
#pragma once
#include "control/controller.hpp"
#include "server/api_server.hpp"

namespace cluster_local {

class NamespaceController final : public Controller {
public:
    NamespaceController(ApiServer &api, const KindTable &kinds) : api_(api), kinds_(kinds) {}
    rig::Status run(size_t &budget) override;
    uint64_t due() const override { return queue_.due(); }
    void on_put(const Record &, const Record *before) override;
    void on_erase(const Record &) override;
    void on_reset() override { queue_.clear(); }

private:
    rig::Status empty(const Record &name_space, size_t &budget);

    ApiServer &api_;
    const KindTable &kinds_;
    WorkQueue queue_;
};

} // namespace cluster_local
