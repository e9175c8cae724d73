// fleet_watch.hpp -- one watch() of the host: a reflector per cluster, told to the host one call at a time.
#pragma once
#include "kube/fleet.hpp"
#include "kube/reflector.hpp"
#include "query.hpp"

namespace kube {

class FleetWatch {
public:
    FleetWatch(Fleet &fleet, Query query, std::string_view resume_token, const rig::Objects &out);
    /// Until the call is cancelled, the host wants no more, or the query turns out to be wrong.
    rig::Status run(rig::Call call);

private:
    class Lane;
    using Lanes = std::map<std::string, std::unique_ptr<Lane>>;
    rig::Status follow_roster();
    rig::Status tend(Lane &lane);
    rig::Status checkpoint();
    template <typename F> rig::Status tell(F &&f);

    Fleet &fleet_;
    const Query query_;
    const rig::Objects &out_;
    std::map<std::string, std::string> resume_; ///< cluster -> where to go on
    std::mutex out_lock_;                       ///< one call to the host at a time
    std::optional<rig::Error> refused_;
    std::atomic<bool> moved_{false}; ///< positions changed since the last checkpoint
    Lanes lanes_;                    ///< last: its reflectors use the rest
};

} // namespace kube
