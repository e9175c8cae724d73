// core/domain/reconcile/safety.hpp -- the one gate that every proposed deletion passes. Pure: time and views are
// arguments.
//
// A proposal is allowed only if
//   - every view it rests on is complete and young enough (absence and policy; definite evidence needs no view),
//   - with absence as evidence, it was proposed by two passes in a row and each view was observed anew in between,
//   - its subject is older than the snapshot that condemns it (and, with absence, older than a minimum),
//   - the budget of deletions per period is not used up, unless an operator lifts it.
// Everything else is held back with a reason.
#pragma once
#include "base/status.hpp"
#include "base/time.hpp"
#include "domain/cluster_view.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace rigger {

enum class ReconcileVerb : uint8_t { terminate, remove_object, release_instance, delete_offer };
enum class Evidence : uint8_t { definite, absence, policy };
std::string_view verb_name(ReconcileVerb verb) noexcept;

/// A reconciler's action document, understood. Fields that a verb does not use are empty.
struct ReconcileAction {
    std::string id;
    ReconcileVerb verb = ReconcileVerb::terminate;
    Evidence evidence = Evidence::absence;
    std::string cause, reason;
    std::vector<std::string> views;
    std::string deployment;                                            ///< terminate
    std::string cluster, api_version, kind, namespace_name, name, uid; ///< remove-object
    std::string source, instance, offer;                               ///< release-instance, delete-offer
};
/// invalid (BadAction): not JSON, unknown verb or evidence, or a target without what the verb needs.
Result<ReconcileAction> parse_action(std::string_view id, std::string_view document);

struct SafetyLimits {
    Duration view_max_age = std::chrono::seconds(90);
    Duration min_condemn_age = std::chrono::seconds(60);
    Duration budget_period = std::chrono::seconds(60);
    double budget_share = 0.10;
};

/// What the gate must know about a proposal.
struct Proposal {
    std::string subject; ///< key of the pass' subject, e.g. "deployment/…": observations live and die with it
    const ReconcileAction *action = nullptr;
    std::vector<std::pair<std::string, Freshness>>
        views;               ///< the named views as they were in the pass' snapshot; an unknown name is absent
    MonoTime snapshot_taken; ///< when the pass' snapshot was taken
    Duration subject_age{};  ///< since the subject last changed, as of now
};

struct Verdict {
    bool allowed = false;
    std::string
        code; ///< of a refusal: ViewIncomplete, ViewTooOld, UnknownView, FirstObservation, TooYoung, BudgetExhausted
    std::string text; ///< why, as a sentence
};

/// Not thread-safe.
class SafetyGate {
public:
    /// Opens a pass over `subjects`. `population`: how many deployments the budget is a share of.
    void begin_pass(const std::vector<std::string> &subjects, size_t population, bool lift_budget, MonoTime now,
                    const SafetyLimits &limits);
    /// One proposal. With `commit` an allowed one uses budget; without it the gate only answers (dry run) and remembers
    /// nothing.
    Verdict judge(const Proposal &proposal, MonoTime now, bool commit = true);
    /// Forgets the observations of this pass' subjects that were not repeated in it.
    void end_pass();
    size_t deletions_left(MonoTime now) const;

    /// How long ago each deletion was that may still count: kept on record, so that a restart grants no new budget.
    std::vector<Duration> deletion_ages(MonoTime now) const;
    /// Of a previous run. Before the first pass.
    void recall_deletions(const std::vector<Duration> &ages, MonoTime now);

private:
    struct Sighting {
        std::map<std::string, uint64_t> generations;
        uint64_t pass = 0;
    };
    void drop_old_deletions(MonoTime now);
    Verdict check_views(const Proposal &proposal, MonoTime now) const;
    Verdict check_sightings(const Proposal &proposal, bool commit);

    SafetyLimits limits_;
    std::map<std::string, std::map<std::string, Sighting>> sightings_; ///< subject -> action id
    std::vector<std::string> subjects_;
    std::deque<MonoTime> deletions_;
    uint64_t pass_ = 0;
    size_t allowance_ = 1;
    bool lifted_ = false;
};

} // namespace rigger
