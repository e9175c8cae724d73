// reconcile/action.hpp -- what a reconciler proposes.
#pragma once
#include <rigger/sdk/reconciler.hpp>

#include <string>
#include <utility>
#include <vector>

namespace reconcile {

enum class Evidence {
    definite, ///< something said "failed", "gone" or "another version"
    absence,  ///< it was not seen; the named views must be complete, fresh, and confirm it twice
    policy,   ///< an age limit; the named views must be complete and fresh
};

struct Action {
    std::string verb; ///< terminate | remove-object | release-instance | delete-offer
    std::vector<std::pair<std::string, std::string>> target; ///< field -> value, the identifying one last
    std::string cause;                                       ///< token, e.g. "JobFailed"
    std::string reason;                                      ///< a sentence
    Evidence evidence = Evidence::definite;
    std::vector<std::string> views;

    /// The same action has the same id in every pass: verb and target, whatever the cause.
    std::string id() const;
    std::string document() const;
};

/// Hands all of them to the host; ends at the first it refuses.
rig::Status propose(const std::vector<Action> &actions, const rig::Actions &to);

} // namespace reconcile
