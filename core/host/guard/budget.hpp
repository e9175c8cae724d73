// core/host/guard/budget.hpp -- how long each call of each kind may take, and when its breaker opens (plugin-abi 3.11).
//
// One rule for every call that ends by itself. It is late when its thread used more than `soft` of processor time, or
// when it is not back after patience() on the clock: a machine that is busy with something else is no plugin's fault,
// and one that cannot give a thread its turn within a second has other worries. It hangs at `hard`, on the clock.
#pragma once
#include "base/time.hpp"
#include "host/guard/breaker.hpp"
#include "host/instance_file.hpp"

#include <map>
#include <string>
#include <string_view>

namespace rigger::host {

/// 0: no limit. After patience() the call's cancel flag is set; at hard the instance is written off.
struct Budget {
    Duration soft{0}, hard{0};

    Duration patience() const noexcept; ///< `soft`, but at least a second; 0 without a soft limit
};

/// The limits of one instance: the kind's starting values with the operator's on top.
struct Limits {
    std::map<std::string, Budget, std::less<>> calls;
    BreakerPolicy breaker;                         ///< of calls
    BreakerPolicy watch_breaker;                   ///< of disconnects of watches
    Duration heartbeat = std::chrono::seconds(60); ///< a watch that delivers nothing for this long is ended
    int64_t slow = 0; ///< not 0: more than one call in a hundred that uses this many times `soft` opens the breaker

    /// Of a call that the tables name; a second for one that they do not.
    Budget of(std::string_view call) const;
    /// score(): grows with the batch; the stated soft value is the least.
    Budget of_score(uint64_t pairs) const;
};

/// Errors: invalid; a call that this kind does not have ("InstanceValue").
Result<Limits> limits_for(std::string_view kind, const InstanceFile &file);

} // namespace rigger::host
