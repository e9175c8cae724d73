// server/api_server.hpp -- the rules of the Kubernetes API over the object store: names, defaults, validation, apply,
// deletion with grace, finalizers and propagation. It decides nothing by itself over time; controllers do. Not
// thread-safe; the cluster's lock guards it. Every call leaves its writes in the store's open transaction.
#pragma once
#include "clock.hpp"
#include "store/object_store.hpp"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace cluster_local {

constexpr std::string_view kForegroundFinalizer = "foregroundDeletion", kOrphanFinalizer = "orphan";

enum class Propagation { background, foreground, orphan };

struct RemoveOptions {
    std::string uid; ///< precondition; empty: none
    Propagation propagation = Propagation::background;
    std::optional<int64_t> grace_seconds;
    bool only_ours = false; ///< refuse (NotOurs) what lacks our labels
};

/// True when the labels say that rigger made the object.
bool is_ours(std::string_view packed_labels);

class ApiServer {
public:
    ApiServer(ObjectStore &store, const KindTable &kinds, const Clock &clock)
        : store_(store), kinds_(kinds), clock_(clock) {}

    /// Server-side apply by the field manager "rigger"; flags: RIG_APPLY_*. The object as stored.
    rig::Result<std::string> apply(std::string_view document, uint32_t flags);
    /// Creates an object that a controller made; metadata.generateName is honoured.
    rig::Result<const Record *> create(const Kind &, Json object);
    /// Accepts a deletion; the object may stay for its grace period, its finalizers or its dependents.
    rig::Status remove(const Record &, const RemoveOptions &);
    /// What waited for the grace period has stopped: the object goes, unless finalizers hold it.
    rig::Status finish_deletion(const Record &);
    /// Takes one finalizer off; the object goes if it was the last one of a deletion.
    rig::Status drop_finalizer(const Record &, std::string_view finalizer);
    /// Replaces metadata or spec from within (binding, orphaning): no checks, generation as it is.
    rig::Status replace(const Record &, Json &object);

    rig::Result<const Kind *> kind_of(const Json &reference) const; ///< NoKindMatch
    ObjectStore &store() noexcept { return store_; }
    const Clock &clock() const noexcept { return clock_; }

private:
    rig::Status check_target(const Kind &, std::string_view name_space, std::string_view name, bool creating) const;
    rig::Status complete(const Kind &, const Json *before, Json &object) const;
    rig::Result<std::string> create_applied(const Kind &, Json object, bool dry_run);
    rig::Result<std::string> update_applied(const Record &, Json now, bool dry_run);
    void stamp_new(const Kind &, Json &object) const;
    rig::Status finish_if_released(const Record &, const Json &object);

    ObjectStore &store_;
    const KindTable &kinds_;
    const Clock &clock_;
};

} // namespace cluster_local
