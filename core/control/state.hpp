// core/control/state.hpp -- all that the control loop knows. Owned by the controller; changed only while it handles a
// message.
#pragma once
#include "control/book.hpp"
#include "control/effects.hpp"
#include "control/messages.hpp"
#include "control/status.hpp"
#include "domain/ports/store.hpp"
#include "domain/reconcile/safety.hpp"

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace rigger {

struct OfferEntry {
    OfferPtr offer;
    uint64_t epoch = 0;
};
struct InstanceEntry {
    SourceInstancePtr instance;
    uint64_t epoch = 0;
    MonoTime first_seen;
};

/// The market of one source.
struct SourceBook {
    Listing offers_listing, instances_listing;
    std::unordered_map<OfferId, OfferEntry> offers;
    std::unordered_map<OfferId, uint64_t> ignored; ///< offers that it lists and whose id is another source's: epoch
    std::unordered_map<InstanceId, InstanceEntry> instances;
    std::vector<OfferPtr> sorted; ///< by ordinal; rebuilt when `dirty`
    bool dirty = true, attached = false;
    uint64_t malformed = 0;
    std::string last_malformed;
};

/// What the pods on a node take of it.
struct NodeUse {
    double disk_gb = 0;     ///< requests of pods that run or wait
    int gpus_of_others = 0; ///< requests of pods that are none of our deployments' and have not ended
    int pods_of_nobody = 0; ///< of deployments that are not on record: which GPUs they use is not known
    bool operator==(const NodeUse &) const = default;
};

/// A server as readers see it, kept for as long as what it was made of stays the same: what did not change is the same
/// object in the next snapshot.
struct ServerInUse {
    ServerPtr server;
    NodeUse use;
    ServerPtr shown;
};

struct ClusterBook {
    Book<NodeView> nodes;
    Book<PodView> pods;
    Book<JobView> jobs;
    Book<ServiceView> services;
    std::unordered_map<std::string, NodeUse> used; ///< by node name
    uint64_t malformed = 0;

    /// The node of that name, if it is still that machine; nullptr: it is not seen, or is another.
    std::shared_ptr<const NodeView> node(std::string_view name, const ServerId &uid) const {
        auto found = nodes.find({}, name);
        return found && found->uid == uid.value ? found : nullptr;
    }

    Listing &listing(ObjectKind kind) {
        switch (kind) {
        case ObjectKind::node: return nodes.listing;
        case ObjectKind::pod: return pods.listing;
        case ObjectKind::job: return jobs.listing;
        case ObjectKind::service: return services.listing;
        }
        return nodes.listing;
    }
};

/// An offer that its source has no room for now. By the monotonic clock: a jump of the wall clock neither ends nor
/// prolongs it.
struct Pause {
    std::string reason;
    MonoTime ends;
};

/// How the end of a deployment stands.
struct Teardown {
    std::deque<ObjectMeta> to_remove;
    int empty_listings = 0; ///< in a row
    bool objects_gone = false, released = false, gpus_freed = false;
    EffectId release = 0;                       ///< in flight
    int release_attempts = 0, odd_releases = 0; ///< odd: in a row, refused as if trying again could not help
    MonoTime next_release;
};

/// An object whose creation was asked for and not answered.
struct Unsettled {
    MonoTime until;       ///< it may still appear before this
    bool several = false; ///< asked for more than once: seen once it may still appear a second time
};

/// What its cluster answered, asked for each of a deployment's objects by name: in a row, that none exists.
struct Missing {
    int times = 0;
    MonoTime since, last;
};

/// The controller's working notes on one deployment. Not durable: after a restart they are made anew from the phase.
struct Track {
    DeploymentPtr d;
    int64_t born_ns = 0,
            changed_ns = 0; ///< creation and last change of phase by the monotonic clock; negative: before this run
    EffectId pending = 0;   ///< the one effect in flight for it
    EffectId question = 0;  ///< in flight beside it: only asks how things stand, and no step waits for the answer
    int attempts = 0;       ///< of the running step
    int odd_errors = 0;     ///< of it, in a row, that nobody understands
    MonoTime next_try;
    MonoTime claim_settles_at; ///< until then a claim or an instance that nobody answered for may still come to be
    std::map<std::string, Unsettled> unsettled; ///< by "Kind/name"
    std::string applying;                       ///< the one that is asked for now; empty: what deployments share
    bool applying_again = false;                ///< and was asked for before
    bool of_previous_run = false;
    std::vector<std::string> made; ///< "Kind/name", by the intent log
    Missing missing;
    std::string last_error;
    MonoTime next_look; ///< when its cluster is asked why there is no running pod
    Complaint waits;    ///< what it said
    std::shared_ptr<const Grant> grant;
    std::vector<std::string> applied, to_apply;
    size_t apply_at = 0;
    bool render_done = false, announced = false;
    bool may_have_claim = false, may_have_objects = false; ///< something outside may exist in its name
    RequestId waiting = 0;
    std::unique_ptr<Teardown> teardown;
};

struct InFlight {
    DeploymentId deployment; ///< empty: not of a deployment
    std::string name, port;
    MonoTime deadline; ///< after which it is written off
    Code on_write_off = Code::deadline;
};

struct PlanState {
    bool dirty = true;
    MonoTime dirty_since, last_start;
    bool ever = false;
    EffectId running = 0;
    MonoTime started;
};

struct Recycle {
    RequestId request = 0;
    std::string principal;
    bool dry_run = false, force = false;
    MonoTime deadline;
    std::map<std::string, uint64_t> wanted; ///< view -> generation that it must exceed before the pass begins
    bool begun = false;                     ///< its pass runs
};

struct ReconcileState {
    SafetyGate gate;
    std::set<DeploymentId> dirty;
    MonoTime dirty_since, last_full, started, snapshot_taken;
    bool ever = false;
    std::optional<MonoTime> requeue;
    EffectId running = 0;
    bool full = false;
    std::vector<std::string> subjects; ///< of the running pass
    SnapshotPtr snapshot;              ///< of the running pass
    std::optional<Recycle> recycle;    ///< waiting for its listings, or running
    std::vector<HeldBack> held;        ///< of the last pass
};

struct State {
    std::map<SourceName, SourceBook> sources;
    std::map<ClusterName, ClusterBook> clusters;
    std::set<std::string> backends;           ///< attached ones
    std::map<std::string, ServerPtr> servers; ///< by name
    std::unordered_map<ServerId, std::string> server_names;
    std::unordered_map<ServerId, ServerInUse> servers_in_use;
    std::map<DeploymentId, Track> tracks;
    std::map<std::pair<SourceName, std::string>, DeploymentId> by_config; ///< each source gives ids as it likes
    std::map<std::pair<SourceName, InstanceId>, DeploymentId> by_instance;
    std::map<ServerId, std::string> forgetting; ///< go off the record after the last deployment on them: who wished it;
                                                ///< empty: a previous run knew
    /// Nodes that are servers of another cluster, by name, and since when that one lacks them; MonoTime{}: it does not.
    std::map<ClusterName, std::map<std::string, MonoTime>> refused;
    std::map<ClusterName, std::map<std::string, std::string>> kept_out; ///< nodes that are no servers of ours for now,
                                                                        ///< by name, and why not, as sentences
    std::map<ClusterName, MonoTime> asked_for; ///< when its backend was asked whether it still knows that name
    std::map<OfferId, std::string> bans;
    std::vector<FailureMark> failures;
    std::map<OfferId, Pause> backoffs;
    std::map<OfferId, std::pair<SourceName, std::string>> stored;          ///< offers in the store: source and version
    std::unordered_map<std::string, std::optional<bool>> lock_annotations; ///< last seen, by server id
    std::unordered_set<std::string> seen_events;                           ///< origin and id
    std::deque<std::string> seen_order;
    std::unordered_map<EffectId, InFlight> in_flight;
    std::set<std::pair<MonoTime, EffectId>> write_offs;
    std::set<std::pair<MonoTime, DeploymentId>> timers;
    std::map<std::pair<bool, std::string>, MonoTime> relists; ///< (is a source, port) -> when it is asked to list anew
    MonoTime clock_noted;                                     ///< when the wall clock was put on record
    EffectId next_effect = 1;
    PlanState plan;
    ReconcileState reconcile;
    CommitReport commits;
    LoopStatus status;
    bool changed = true; ///< since the last publication
    bool publish_now = false;
    MonoTime publications_paid; ///< each publication adds an interval to it: how far it is ahead of now is what was
                                ///< published in advance
    uint64_t version = 0;
    std::shared_ptr<const Published> published;
};

} // namespace rigger
