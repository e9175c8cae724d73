// reconciler.hpp -- the rules behind the SDK's interface.
#pragma once
#include "rules.hpp"

#include <rigger/sdk/reconciler.hpp>

namespace catalogue {

extern const char *const config_schema;

class CatalogueReconciler final : public rig::Reconciler {
public:
    static constexpr const char *watches[] = {"source", nullptr};

    CatalogueReconciler(rig::Host host, std::string_view config);
    rig::Status start() override { return problem_; }
    rig::Result<uint64_t> reconcile(rig::Call, std::string_view key, std::string_view desired,
                                    std::string_view observed, const rig::Actions &actions) override;

private:
    rig::Host host_;
    Limits limits_;
    rig::Status problem_;
};

} // namespace catalogue
