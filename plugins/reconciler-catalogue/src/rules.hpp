// rules.hpp -- what follows when the market lists an offer no more, or lists it with another version.
//
// An empty market, and one that lost most of what is stored, is a cut one and proves nothing. Pure. [any]
#pragma once
#include <reconcile/action.hpp>
#include <reconcile/facts.hpp>

#include <string>
#include <vector>

namespace catalogue {

struct Limits {
    double view_max_age = 90;   ///< seconds
    double grace = 60;          ///< seconds that a deployment must be older than the listing that misses its offer
    double missing_share = 0.5; ///< of the stored offers; more at once is a cut market
    double missing_few = 10;    ///< so many may be missing whatever their share
};

struct Verdict {
    std::vector<reconcile::Action> actions;
    std::string held; ///< why absence was not believed; empty: it was, or nothing is missing
};

Verdict judge(const std::string &source, const reconcile::SourceFacts &facts, const Limits &limits);

} // namespace catalogue
