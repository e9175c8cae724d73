// store/object_store.hpp -- the objects of the embedded cluster: documents in SQLite, a small index in memory, one
// global counter of resource versions, and the change log that watches read.
//
// Writes join the open transaction; nothing outside may see them before commit(). When any write or commit fails, call
// abort(): the transaction is rolled back and the memory rebuilt from the database. Not thread-safe; the cluster's lock
// guards it.
#pragma once
#include "store/allocations.hpp"
#include "store/database.hpp"
#include "store/record.hpp"

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

namespace cluster_local {

struct StoreOptions {
    std::string path = ":memory:";
    uint64_t seed = 0; ///< of the cluster's id, from which uids and name suffixes follow; used when the database is new
    int first_port = 30000, last_port = 32767;
    size_t max_tombstones = 10'000; ///< deletions that a watch can resume over
};

/// One step of the change log: an object's newest state, or its deletion.
struct LogEntry {
    uint64_t version = 0, created = 0;
    int64_t id = 0;
    const Record *live = nullptr; ///< nullptr: deleted
};

class ObjectStore {
public:
    static rig::Result<std::unique_ptr<ObjectStore>> open(const StoreOptions &, const KindTable &);

    void observe(StoreObserver &observer) { observers_.push_back(&observer); }
    void replay(); ///< on_reset and on_put of every object, to every observer

    // Reading.
    const Record *find(const Kind &, std::string_view name_space, std::string_view name) const;
    const Record *find_uid(const std::string &uid) const;
    const Record *find_id(int64_t id) const;
    size_t count(const Kind &) const;
    /// In the order of (namespace, name). An empty namespace: all. The callback returns false to stop; it must not
    /// write.
    void each(const Kind &, std::string_view name_space, const std::function<bool(const Record &)> &) const;
    std::vector<const Record *> owned_by(const std::string &uid) const;
    rig::Result<std::string> text(const Record &); ///< the whole object as JSON
    rig::Result<Json> object(const Record &);
    rig::Result<Json> status(const Record &);         ///< its status alone; {} when it has none
    rig::Result<std::string> applied(const Record &); ///< what the last apply named; "" when it was never applied
    rig::Result<std::string> memo(const Record &);    ///< a controller's private note; "" when none
    const Allocations &allocations() const noexcept { return allocations_; }

    // Writing. metadata.resourceVersion is set in the object that was passed.
    rig::Result<const Record *> insert(const Kind &, Json &object, std::string_view applied);
    rig::Result<const Record *> update(const Record &, Json &object, std::optional<std::string_view> applied);
    rig::Status update_status(const Record &, const Json &status, std::optional<std::string_view> memo = std::nullopt);
    rig::Status set_applied(const Record &, std::string_view applied); ///< no new version, no event
    rig::Status set_memo(const Record &, std::string_view memo);       ///< no new version, no event
    rig::Status erase(const Record &);
    rig::Status commit();
    /// Not ok: the database cannot even be read; healthy() stays false and what memory holds is not the cluster until
    /// an abort() succeeds.
    rig::Status abort();
    bool healthy() const noexcept { return healthy_; }

    // Change log.
    uint64_t version() const noexcept { return version_; } ///< newest resource version given out
    uint64_t compacted(const Kind &) const;                ///< a watch can resume from this version on
    const std::string &incarnation() const noexcept { return incarnation_; } ///< differs between databases
    /// The first entry after `version`, oldest first; nullopt: up to date.
    std::optional<LogEntry> next_change(const Kind &, uint64_t version) const;
    rig::Result<std::string> tombstone(uint64_t version); ///< the deleted object's last state

    // Names. Both are functions of the cluster's id and the next resource version: never the same twice.
    std::string new_uid() const;
    std::string random_suffix() const; ///< five characters, as generateName appends

private:
    struct ByName {
        using is_transparent = void;
        using Key = std::pair<std::string_view, std::string_view>;
        static Key key(const Record *r) { return {r->name_space, r->name}; }
        bool operator()(const Record *a, const Record *b) const { return key(a) < key(b); }
        bool operator()(const Record *a, const Key &b) const { return key(a) < b; }
        bool operator()(const Key &a, const Record *b) const { return a < key(b); }
    };
    struct Tombstone {
        int64_t id;
        uint64_t created;
    };
    struct Table {
        std::set<Record *, ByName> by_name;
        std::map<uint64_t, Record *> by_version;
        std::map<uint64_t, Tombstone> tombstones;
        uint64_t compacted = 0;
    };

    ObjectStore(const StoreOptions &options, const KindTable &kinds)
        : options_(options), kinds_(kinds), allocations_(options.first_port, options.last_port) {}
    rig::Status prepare();
    rig::Status load();
    rig::Status begin();
    rig::Status run(Statement &, std::string_view doing);
    rig::Result<uint64_t> next_version();
    void describe(const Json &object, Record &) const;
    void link(Record &);
    void unlink(Record &);
    rig::Status compact(Table &);
    rig::Status set_counter(std::string_view key, uint64_t value);

    StoreOptions options_;
    const KindTable &kinds_;
    std::unique_ptr<Database> db_;
    Statement insert_, update_, status_, memo_, set_applied_, erase_, read_, applied_, read_memo_, bury_, exhume_,
        forget_, counter_;
    std::unordered_map<const Kind *, Table> tables_;
    std::unordered_map<int64_t, std::unique_ptr<Record>> records_;
    std::unordered_map<std::string_view, Record *> by_uid_;
    std::unordered_multimap<std::string, Record *> by_owner_;
    std::vector<StoreObserver *> observers_;
    Allocations allocations_;
    std::string incarnation_;
    uint64_t identity_ = 0, version_ = 0, ceiling_ = 0;
    int64_t next_id_ = 1;
    bool in_transaction_ = false, healthy_ = true;
};

} // namespace cluster_local
