// core/domain/ports/store.hpp -- durable state. One schema, one conformance suite; SQLite and PostgreSQL implement it.
#pragma once
#include "base/status.hpp"
#include "domain/deployment.hpp"
#include "domain/offer.hpp"
#include "domain/server.hpp"
#include "domain/snapshot.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rigger {

/// Written before an outside effect, confirmed after it. The key is deterministic, so that a repeat is recognised.
struct Intent {
    std::string key; ///< "<deployment id>/<effect>", e.g. "…/claim"
    DeploymentId deployment;
    std::string effect; ///< "claim", "apply:Service/chute-service-…", "announce", "remove:Job/…", "release"
    WallTime created_at;
    std::optional<WallTime> confirmed_at;
    std::string outcome; ///< "ok", or an error's reason; of an open one "repeated": its call was made before
};

/// An event of a source or of ourselves, journalled before it is handled.
struct JournalEntry {
    uint64_t sequence = 0; ///< given by the store; 0 in a write
    WallTime at;
    std::string origin;   ///< source name, "control", "operator"
    std::string event_id; ///< unique per origin; a repeat is dropped
    std::string type;     ///< "instance_activated", "deployment.terminating", "reconcile.held_back", ...
    std::string document; ///< JSON
    bool handled = false;
};

// One transaction is a list of these, applied in order, all or none. A row that refers to another (deployment -> offer
// and server, GPU -> owning deployment) comes after it, else the commit fails with invalid/StoreMissingRow. Deleting or
// confirming what does not exist is no error.
struct PutServer {
    Server server;
}; ///< with its GPUs and their owners: upserts the row and its gpus rows, deletes gpus rows not listed
struct DeleteServer {
    ServerId id;
}; ///< and its GPUs and deployments
struct SetGpuOwner {
    GpuId gpu;
    DeploymentId owner;
}; ///< empty owner: free; of a shared card one of those that share it
struct PutOffer {
    Offer offer;
}; ///< row in `chutes`; keeps ban_reason
struct DeleteOffer {
    OfferId id;
}; ///< and its ban and deployments
struct SetBan {
    OfferId offer;
    std::string reason;
}; ///< empty: lift. An unknown offer gets a row that fits nowhere, so the ban is kept
struct PutDeployment {
    Deployment deployment;
}; ///< `deployments` plus `rigger_deployments`; does not touch the GPUs' owners
struct DeleteDeployment {
    DeploymentId id;
}; ///< frees its GPUs; keeps its intents
struct PutIntent {
    Intent intent;
};
struct ConfirmIntent {
    std::string key;
    WallTime at;
    std::string outcome;
};
struct DeleteIntents {
    DeploymentId deployment;
};
struct PutFailureMark {
    FailureMark mark;
};
struct DeleteFailureMark {
    OfferId offer;
    ServerId server;
};
struct PutBackoff {
    Backoff backoff;
};
struct DeleteBackoff {
    OfferId offer;
};
struct AppendJournal {
    JournalEntry entry;
};
struct MarkHandled {
    std::string origin, event_id;
};
struct PutCheckpoint {
    std::string name, token;
}; ///< resume tokens of watches; where the wall clock stood
using Write = std::variant<PutServer, DeleteServer, SetGpuOwner, PutOffer, DeleteOffer, SetBan, PutDeployment,
                           DeleteDeployment, PutIntent, ConfirmIntent, DeleteIntents, PutFailureMark, DeleteFailureMark,
                           PutBackoff, DeleteBackoff, AppendJournal, MarkHandled, PutCheckpoint>;

/// Everything the control loop needs to go on after a restart.
struct PersistentState {
    std::vector<Server> servers; ///< with GPUs and their owners
    std::vector<Offer> offers;   ///< id, name, version, needs.gpu_*, tee, preemptible only: the market fills the rest
    std::map<OfferId, std::string> bans;
    std::vector<Deployment> deployments;
    std::vector<Intent> intents; ///< unconfirmed ones
    std::vector<Intent> applied; ///< confirmed with "ok", of effects "apply:...": what was made
    std::vector<FailureMark> failures;
    std::vector<Backoff> backoffs;
    std::vector<JournalEntry> unhandled;
    std::map<std::string, std::string> checkpoints;
};

struct KvEntry {
    std::string key, value;
    uint64_t revision = 0;
};
struct KvWrite {
    bool erase = false;
    std::string key, value;
    std::optional<uint64_t> if_revision; ///< 0: must not exist
};

/// Not thread-safe except where said: one thread commits. Times are kept to the microsecond.
/// Errors: unavailable (disk full, read-only, locked, connection lost: retry), internal (corrupt), invalid (breaks a
/// rule of the schema).
class Store {
public:
    virtual ~Store() = default;
    /// Brings the schema up to date. Once, before anything else.
    virtual Status migrate() = 0;
    virtual Result<PersistentState> load() = 0;
    /// All or none, durable when it returns ok. A repeated AppendJournal (same origin and event_id) is dropped
    /// silently.
    virtual Status commit(const std::vector<Write> &writes) = 0;
    /// Newest first; at most `limit`; before_sequence 0: from the newest on. [any thread]
    virtual Result<std::vector<JournalEntry>> journal(uint64_t before_sequence, size_t limit,
                                                      std::string_view type_prefix) = 0;
    /// Drops handled entries older than `before` beyond the newest `keep`. A repeat of a dropped entry is taken as new.
    virtual Status trim_journal(WallTime before, size_t keep) = 0;

    // The key space of one plugin. [any thread]
    virtual Result<std::optional<KvEntry>> kv_get(std::string_view plugin, std::string_view key) = 0;
    virtual Result<std::vector<KvEntry>> kv_list(std::string_view plugin, std::string_view prefix) = 0;
    /// All or none; conflict when a revision does not match. Answer: the revision of this commit.
    virtual Result<uint64_t> kv_commit(std::string_view plugin, const std::vector<KvWrite> &writes) = 0;
};

} // namespace rigger
