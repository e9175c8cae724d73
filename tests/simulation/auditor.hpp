// tests/simulation/auditor.hpp -- what must hold at every moment, and what must hold when all is quiet, judged by the
// world as it really is.
#pragma once
#include "control/controller.hpp"
#include "simulation/fake_cluster.hpp"
#include "simulation/fake_source.hpp"
#include "simulation/memory_store.hpp"

#include <deque>
#include <map>
#include <string>

namespace rigger::sim {

class Auditor {
public:
    Auditor(const World &world, const MemoryStore &store, const FakeCluster &cluster, const FakeSource &market)
        : world_(world), store_(store), cluster_(cluster), market_(market) {}

    /// A daemon came up: what was not written never happened.
    void restarted();
    /// A turn was decided. `by_pass`: it carried out proposals of reconcilers.
    void decided(const Outbox &out, const Controller &controller, bool by_pass);
    /// A call leaves for the outside.
    void leaves(const Effect &effect);
    /// The first thing that must never be, as a sentence; empty: none so far.
    std::string violation() const;

    /// Empty: world, store and loop agree, nobody holds what is not his, nothing is left to do. For a settled
    /// simulation.
    std::string disagreement(const Controller &controller) const;

    double deletion_budget = 0.10;
    Duration budget_period = std::chrono::seconds(60);
    bool budget_lifted = false;         ///< an operator forces
    bool second_copies_allowed = false; ///< an operator may put one
    size_t ended_by_passes = 0, objects_removed_as_orphans = 0;

private:
    void complain(std::string what);
    void begun(const Deployment &d, const Controller &controller);
    void ended(const Deployment &d, const Controller &controller, bool by_pass);
    bool is_healthy(const Deployment &d) const;
    std::string objects_disagree(const std::set<std::string> &live) const;
    std::string gpus_disagree(const Controller &controller) const;

    const World &world_;
    const MemoryStore &store_;
    const FakeCluster &cluster_;
    const FakeSource &market_;
    std::map<DeploymentId, Phase> phases_;
    std::deque<std::pair<MonoTime, DeploymentId>> ends_;
    size_t most_live_ = 0;
    std::string violation_;
};

} // namespace rigger::sim
