// core/control/runtime/port_registry.hpp -- the plugins that are loaded now.
#pragma once
#include "control/perform.hpp"

#include <map>
#include <mutex>

namespace rigger {

/// Thread-safe.
class PortRegistry final : public PortTable {
public:
    explicit PortRegistry(Planner &planner) : planner_(planner) {}

    std::shared_ptr<ValidatorSource> source(const SourceName &name) const override;
    std::shared_ptr<ClusterBackend> backend(const std::string &name) const override;
    std::vector<std::shared_ptr<ClusterBackend>> backends() const override;
    std::vector<std::shared_ptr<Reconciler>> reconcilers() const override;
    Planner &planner() const override { return planner_; }

    // nullptr removes.
    void set_source(const std::string &name, std::shared_ptr<ValidatorSource> source);
    void set_backend(const std::string &name, std::shared_ptr<ClusterBackend> backend);
    void set_reconciler(const std::string &name, std::shared_ptr<Reconciler> reconciler);

private:
    mutable std::mutex lock_;
    Planner &planner_;
    std::map<std::string, std::shared_ptr<ValidatorSource>> sources_;
    std::map<std::string, std::shared_ptr<ClusterBackend>> backends_;
    std::map<std::string, std::shared_ptr<Reconciler>> reconcilers_;
};

} // namespace rigger
