// core/host/kinds/adapters.hpp -- from each kind's C table to the port that domain declares. The instance must have
// been created.
//
// An adapter copies what a call borrows, so that a plugin that never returns never holds memory of its caller;
// documents are validated here.
#pragma once
#include "domain/ports/cluster_backend.hpp"
#include "domain/ports/placement_scorer.hpp"
#include "domain/ports/reconciler.hpp"
#include "domain/ports/validator_source.hpp"
#include "host/frontend.hpp"
#include "host/instance.hpp"

#include <memory>

namespace rigger::host {

std::shared_ptr<ValidatorSource> make_source(std::shared_ptr<Instance> instance);
std::shared_ptr<ClusterBackend> make_backend(std::shared_ptr<Instance> instance);
/// Errors: a column list without end or with an unknown type.
Result<std::shared_ptr<PlacementScorer>> make_scorer(std::shared_ptr<Instance> instance);
std::shared_ptr<Reconciler> make_reconciler(std::shared_ptr<Instance> instance);
std::shared_ptr<Frontend> make_frontend(std::shared_ptr<Instance> instance);

} // namespace rigger::host
