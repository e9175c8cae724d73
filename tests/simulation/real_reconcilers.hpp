// tests/simulation/real_reconcilers.hpp -- the first-party reconcilers' rules behind the port, without the border in
// between.
#pragma once
#include "domain/ports/reconciler.hpp"

#include <memory>
#include <vector>

namespace rigger::sim {

/// reconciler-deployments, reconciler-catalogue and reconciler-orphans with their default limits.
std::vector<std::shared_ptr<Reconciler>> real_reconcilers();

} // namespace rigger::sim
