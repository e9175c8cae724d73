// rules.hpp -- what carries our mark and belongs to no deployment: cluster objects, and instances at a validator.
//
// Here the thing is seen and our own record is missing, so the danger is a lost or replaced store: many orphans at
// once, or any number beyond a few when no deployment is known, prove that our records are wrong, not that the world
// is. Pure. [any]
#pragma once
#include <reconcile/action.hpp>
#include <reconcile/facts.hpp>

#include <string>
#include <vector>

namespace orphans {

struct Limits {
    double min_age = 60;      ///< seconds; younger things may be ahead of our records
    double view_max_age = 90; ///< seconds
    double share = 0.5;       ///< of the known deployments; more orphans than that are not believed
    double few = 3;           ///< so many are, whatever their share
};

struct Verdict {
    std::vector<reconcile::Action> actions;
    std::string held; ///< why nothing is proposed although there are orphans
};

Verdict judge_cluster(const std::string &cluster, const reconcile::ClusterFacts &facts, const Limits &limits);
Verdict judge_source(const std::string &source, const reconcile::SourceFacts &facts, const Limits &limits);

} // namespace orphans
