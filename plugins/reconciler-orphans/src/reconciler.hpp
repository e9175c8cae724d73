// reconciler.hpp -- the rules behind the SDK's interface. A cluster's documents list objects, a source's do not: that
// tells them apart.
#pragma once
#include "rules.hpp"

#include <rigger/sdk/reconciler.hpp>

namespace orphans {

extern const char *const config_schema;

class OrphanReconciler final : public rig::Reconciler {
public:
    static constexpr const char *watches[] = {"cluster", "source", nullptr};

    OrphanReconciler(rig::Host host, std::string_view config);
    rig::Status start() override { return problem_; }
    rig::Result<uint64_t> reconcile(rig::Call, std::string_view key, std::string_view desired,
                                    std::string_view observed, const rig::Actions &actions) override;

private:
    rig::Host host_;
    Limits limits_;
    rig::Status problem_;
};

} // namespace orphans
