// core/domain/placement/rules.hpp -- the operator's settings for automatic placement.
#pragma once
#include "base/ids.hpp"

#include <optional>
#include <set>

namespace rigger::placement {

struct PlacementRules {
    std::optional<std::set<OfferId>> whitelist; ///< ids or names; absent: every offer; present and empty: none
    std::set<OfferId> banned;                   ///< ids or names, beside Snapshot::bans
    int max_copies_per_offer = 0;               ///< live copies of ours, over all servers; 0: no cap of ours
    double disk_margin_gb = 20;                 ///< kept free on every server
    double cost_floor = 0.001;   ///< USD per GPU-hour: least price that scorers see, so that 0 is no division by zero
    double min_value = 0;        ///< pairs worth less are not placed (NoValue)
    double preference_share = 1; ///< how far preferences may lift a value: result = value x (1 + share x preference)
    size_t improvement_steps =
        100'000; ///< servers that a plan may be filled anew for, to earn more than best pair first; 0: off, no bound
    size_t max_actions = 0; ///< of one plan; 0: until nothing fits any more
};

} // namespace rigger::placement
