#include "simulation/real_reconcilers.hpp"

#include "reconciler-catalogue/src/rules.hpp"
#include "reconciler-deployments/src/rules.hpp"
#include "reconciler-orphans/src/rules.hpp"

#include <reconcile/facts.hpp>

#include <functional>

namespace rigger::sim {
namespace {

using Actions = std::vector<::reconcile::Action>;
using Answer = rig::Result<Actions>;
using Rules = std::function<Answer(std::string_view key, std::string_view desired, std::string_view observed)>;

class RealReconciler final : public Reconciler {
public:
    RealReconciler(std::string name, std::vector<std::string> watches, Rules rules)
        : name_(std::move(name)), watches_(std::move(watches)), rules_(std::move(rules)) {}
    const std::string &name() const override { return name_; }
    const std::vector<std::string> &watches() const override { return watches_; }
    Result<Reconciliation> reconcile(const CallContext &, std::string_view key, std::string_view desired,
                                     std::string_view observed) override {
        auto actions = rules_(key, desired, observed);
        if (!actions.ok()) return internal_error(name_ + " cannot read its documents: " + actions.error().message);
        Reconciliation out;
        for (const auto &action : *actions) out.actions.push_back({action.id(), action.document()});
        return out;
    }

private:
    std::string name_;
    std::vector<std::string> watches_;
    Rules rules_;
};

Answer of_deployment(std::string_view, std::string_view desired, std::string_view observed) {
    auto facts = ::reconcile::read_deployment(desired, observed);
    if (!facts.ok()) return facts.error();
    const auto verdict = deployments::judge(*facts, {});
    return verdict.action ? Actions{*verdict.action} : Actions{};
}

Answer of_catalogue(std::string_view key, std::string_view desired, std::string_view observed) {
    auto facts = ::reconcile::read_source(desired, observed);
    if (!facts.ok()) return facts.error();
    return catalogue::judge(std::string(key), *facts, {}).actions;
}

Answer orphans_of_source(std::string_view key, std::string_view desired, std::string_view observed) {
    auto facts = ::reconcile::read_source(desired, observed);
    if (!facts.ok()) return facts.error();
    return orphans::judge_source(std::string(key), *facts, {}).actions;
}

Answer orphans_of_cluster(std::string_view key, std::string_view desired, std::string_view observed) {
    auto facts = ::reconcile::read_cluster(desired, observed);
    if (!facts.ok()) return facts.error();
    return orphans::judge_cluster(std::string(key), *facts, {}).actions;
}

} // namespace

std::vector<std::shared_ptr<Reconciler>> real_reconcilers() {
    const auto make = [](const char *name, const char *watches, Rules rules) -> std::shared_ptr<Reconciler> {
        return std::make_shared<RealReconciler>(name, std::vector<std::string>{watches}, std::move(rules));
    };
    return {make("deployments", "deployment", of_deployment), make("catalogue", "source", of_catalogue),
            make("orphans/source", "source", orphans_of_source),
            make("orphans/cluster", "cluster", orphans_of_cluster)};
}

} // namespace rigger::sim
