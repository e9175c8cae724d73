// control/garbage_collector.hpp -- cascading deletion: dependents of a deleted owner go, in the way its deletion asked
// for; objects whose owners never existed or are gone go too.
#pragma once
#include "control/controller.hpp"
#include "server/api_server.hpp"

namespace cluster_local {

class GarbageCollector final : public Controller {
public:
    explicit GarbageCollector(ApiServer &api) : api_(api) {}
    rig::Status run(size_t &budget) override;
    uint64_t due() const override { return queue_.due(); }
    void on_put(const Record &, const Record *before) override;
    void on_erase(const Record &) override;
    void on_reset() override { queue_.clear(); }

private:
    rig::Status sync(const Record &);
    rig::Status orphan_dependents(const Record &owner);
    rig::Status delete_dependents(const Record &owner);
    rig::Status collect(const Record &dependent);

    ApiServer &api_;
    WorkQueue queue_;
};

} // namespace cluster_local
