#include "store/object_store.hpp"

#include "api/json.hpp"
#include "api/labels.hpp"
#include "hash.hpp"

#include <nlohmann/json.hpp>
#include <rigger/sdk/try.hpp>
#include <sqlite3.h>

#include <cstdio>

namespace cluster_local {
namespace {
constexpr const char *kSchema = R"(
CREATE TABLE IF NOT EXISTS counters(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS objects(id INTEGER PRIMARY KEY, kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
  uid TEXT NOT NULL, version INTEGER NOT NULL, created INTEGER NOT NULL, flags INTEGER NOT NULL, labels TEXT NOT NULL,
  fields TEXT NOT NULL, owners TEXT NOT NULL, memo TEXT NOT NULL, status TEXT NOT NULL, meta TEXT NOT NULL, body TEXT NOT NULL,
  applied TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tombstones(version INTEGER PRIMARY KEY, kind TEXT NOT NULL, object INTEGER NOT NULL,
  created INTEGER NOT NULL, text TEXT NOT NULL);
)";
constexpr uint64_t kVersionBlock =
    10'000; ///< versions are reserved in blocks, so that none is given out twice after a crash
constexpr int64_t kDeleting = 1, kFinalizers = 2; ///< bits of the column `flags`

std::string kind_key(const Kind &kind) {
    return std::string(kind.info().api_version) + "/" + std::string(kind.info().kind);
}

/// An object's document in the pieces that are stored and changed apart.
struct Pieces {
    std::string meta, body, status;
};

Pieces split(const Json &object) {
    Pieces out;
    Json meta = object.at("metadata");
    meta.erase("resourceVersion");
    out.meta = meta.dump();
    for (const auto &[key, value] : object.items()) {
        if (key == "apiVersion" || key == "kind" || key == "metadata") continue;
        if (key == "status") out.status = value.dump();
        else out.body += "," + Json(key).dump() + ":" + value.dump();
    }
    return out;
}

std::string join(const Kind &kind, uint64_t version, std::string_view meta, std::string_view body,
                 std::string_view status) {
    std::string out;
    out.reserve(meta.size() + body.size() + status.size() + 128);
    out.append("{\"apiVersion\":\"")
        .append(kind.info().api_version)
        .append("\",\"kind\":\"")
        .append(kind.info().kind)
        .append("\",\"metadata\":");
    out.append(meta.substr(0, meta.size() - 1))
        .append(",\"resourceVersion\":\"")
        .append(std::to_string(version))
        .append("\"}")
        .append(body);
    if (!status.empty()) out.append(",\"status\":").append(status);
    return out += '}';
}
} // namespace

rig::Result<std::unique_ptr<ObjectStore>> ObjectStore::open(const StoreOptions &options, const KindTable &kinds) {
    std::unique_ptr<ObjectStore> store(new ObjectStore(options, kinds));
    RIG_ASSIGN_OR_RETURN(store->db_, Database::open(options.path));
    RIG_RETURN_IF_ERROR(store->prepare());
    RIG_RETURN_IF_ERROR(store->load());
    return store;
}

rig::Status ObjectStore::prepare() {
    RIG_RETURN_IF_ERROR(db_->exec(kSchema));
    const auto make = [&](Statement &to, const char *sql) -> rig::Status {
        RIG_ASSIGN_OR_RETURN(to, db_->prepare(sql));
        return {};
    };
    RIG_RETURN_IF_ERROR(
        make(insert_, "INSERT INTO objects VALUES(?1,?2,?3,?4,?5,?6,?6,?7,?8,?9,?10,'',?11,?12,?13,?14)"));
    RIG_RETURN_IF_ERROR(
        make(update_, "UPDATE objects SET version=?2,flags=?3,labels=?4,fields=?5,owners=?6,status=?7,meta=?8,body=?9,"
                      "applied=iif(?11,?10,applied) WHERE id=?1"));
    RIG_RETURN_IF_ERROR(
        make(status_, "UPDATE objects SET version=?2,fields=?3,status=?4,memo=iif(?6,?5,memo) WHERE id=?1"));
    RIG_RETURN_IF_ERROR(make(memo_, "UPDATE objects SET memo=?2 WHERE id=?1"));
    RIG_RETURN_IF_ERROR(make(set_applied_, "UPDATE objects SET applied=?2 WHERE id=?1"));
    RIG_RETURN_IF_ERROR(make(erase_, "DELETE FROM objects WHERE id=?1"));
    RIG_RETURN_IF_ERROR(make(read_, "SELECT meta,body,status FROM objects WHERE id=?1"));
    RIG_RETURN_IF_ERROR(make(applied_, "SELECT applied FROM objects WHERE id=?1"));
    RIG_RETURN_IF_ERROR(make(read_memo_, "SELECT memo,status FROM objects WHERE id=?1"));
    RIG_RETURN_IF_ERROR(make(bury_, "INSERT INTO tombstones VALUES(?1,?2,?3,?4,?5)"));
    RIG_RETURN_IF_ERROR(make(exhume_, "SELECT text FROM tombstones WHERE version=?1"));
    RIG_RETURN_IF_ERROR(make(forget_, "DELETE FROM tombstones WHERE version=?1"));
    return make(counter_, "INSERT INTO counters VALUES(?1,?2) ON CONFLICT DO UPDATE SET value=excluded.value");
}

rig::Status ObjectStore::load() {
    allocations_ = Allocations(options_.first_port, options_.last_port);
    tables_.clear();
    by_uid_.clear();
    by_owner_.clear();
    records_.clear();
    for (const Kind *kind : kinds_.all()) tables_[kind];
    uint64_t ceiling = 0, identity = 0;
    RIG_ASSIGN_OR_RETURN(Statement counters, db_->prepare("SELECT name,value FROM counters"));
    while (counters.step() == SQLITE_ROW) {
        const auto name = counters.text(0);
        const auto value = static_cast<uint64_t>(counters.integer(1));
        if (name == "versions") ceiling = value;
        else if (name == "identity") identity = value;
        else
            for (auto &[kind, table] : tables_)
                if (name == "compacted " + kind_key(*kind)) table.compacted = value;
    }
    if (identity == 0) {
        identity = mix(options_.seed ^ 0x636c7573746572ULL) | 1;
        RIG_RETURN_IF_ERROR(set_counter("identity", identity));
        RIG_RETURN_IF_ERROR(commit());
    }
    identity_ = identity;
    char text[17];
    std::snprintf(text, sizeof text, "%08x", static_cast<unsigned>(identity >> 32));
    incarnation_ = text;
    version_ = std::max(version_, ceiling);
    ceiling_ = 0; // the next write reserves anew, also after a rollback that undid a reservation

    RIG_ASSIGN_OR_RETURN(
        Statement rows,
        db_->prepare(
            "SELECT id,kind,namespace,name,uid,version,created,flags,labels,fields,owners FROM objects ORDER BY id"));
    int code = SQLITE_OK;
    while ((code = rows.step()) == SQLITE_ROW) {
        const auto key = rows.text(1);
        const size_t slash = key.rfind('/');
        const Kind *kind =
            slash == std::string_view::npos ? nullptr : kinds_.find(key.substr(0, slash), key.substr(slash + 1));
        next_id_ = std::max(next_id_, rows.integer(0) + 1);
        if (!kind) continue; // of a build that knew more kinds; it stays in the database
        auto record = std::make_unique<Record>();
        record->kind = kind;
        record->id = rows.integer(0);
        record->name_space = rows.text(2);
        record->name = rows.text(3);
        record->uid = rows.text(4);
        record->version = static_cast<uint64_t>(rows.integer(5));
        record->created = static_cast<uint64_t>(rows.integer(6));
        record->deleting = rows.integer(7) & kDeleting;
        record->finalizers = rows.integer(7) & kFinalizers;
        record->labels = rows.text(8);
        record->fields = rows.text(9);
        for (size_t i = 0; !value_at(rows.text(10), i).empty(); ++i)
            record->owners.emplace_back(value_at(rows.text(10), i));
        version_ = std::max(version_, record->version);
        link(*record);
        records_.emplace(record->id, std::move(record));
    }
    if (code != SQLITE_DONE) return db_->failure("read the objects");
    RIG_ASSIGN_OR_RETURN(Statement graves, db_->prepare("SELECT version,kind,object,created FROM tombstones"));
    while (graves.step() == SQLITE_ROW)
        for (auto &[kind, table] : tables_)
            if (graves.text(1) == kind_key(*kind)) {
                table.tombstones[static_cast<uint64_t>(graves.integer(0))] = {graves.integer(2),
                                                                              static_cast<uint64_t>(graves.integer(3))};
                next_id_ = std::max(next_id_, graves.integer(2) + 1);
            }
    return {};
}

void ObjectStore::replay() {
    for (StoreObserver *observer : observers_) observer->on_reset();
    for (const Kind *kind : kinds_.all())
        for (const Record *record : tables_[kind].by_name)
            for (StoreObserver *observer : observers_) observer->on_put(*record, nullptr);
}

const Record *ObjectStore::find(const Kind &kind, std::string_view name_space, std::string_view name) const {
    const auto &index = tables_.at(&kind).by_name;
    const auto it = index.find(ByName::Key(name_space, name));
    return it == index.end() ? nullptr : *it;
}
const Record *ObjectStore::find_uid(const std::string &uid) const {
    const auto it = by_uid_.find(uid);
    return it == by_uid_.end() ? nullptr : it->second;
}
const Record *ObjectStore::find_id(int64_t id) const {
    const auto it = records_.find(id);
    return it == records_.end() ? nullptr : it->second.get();
}
size_t ObjectStore::count(const Kind &kind) const { return tables_.at(&kind).by_name.size(); }
void ObjectStore::each(const Kind &kind, std::string_view name_space,
                       const std::function<bool(const Record &)> &visit) const {
    const auto &index = tables_.at(&kind).by_name;
    auto it = name_space.empty() ? index.begin() : index.lower_bound(ByName::Key(name_space, ""));
    for (; it != index.end() && (name_space.empty() || (*it)->name_space == name_space); ++it)
        if (!visit(**it)) return;
}
std::vector<const Record *> ObjectStore::owned_by(const std::string &uid) const {
    std::vector<const Record *> out;
    const auto [first, last] = by_owner_.equal_range(uid);
    for (auto it = first; it != last; ++it) out.push_back(it->second);
    return out;
}

rig::Result<std::string> ObjectStore::text(const Record &record) {
    read_.bind(1, record.id);
    const bool found = read_.step() == SQLITE_ROW;
    std::string out =
        found ? join(*record.kind, record.version, read_.text(0), read_.text(1), read_.text(2)) : std::string();
    read_.reset();
    if (!found) return db_->failure("read " + record.name).error();
    return out;
}
rig::Result<Json> ObjectStore::object(const Record &record) {
    RIG_ASSIGN_OR_RETURN(const std::string document, text(record));
    return Json::parse(document);
}
rig::Result<Json> ObjectStore::status(const Record &record) {
    read_memo_.bind(1, record.id);
    const bool found = read_memo_.step() == SQLITE_ROW;
    Json out = found && !read_memo_.text(1).empty() ? Json::parse(read_memo_.text(1)) : Json::object();
    read_memo_.reset();
    if (!found) return db_->failure("read the status of " + record.name).error();
    return out;
}
rig::Result<std::string> ObjectStore::applied(const Record &record) {
    applied_.bind(1, record.id);
    std::string out(applied_.step() == SQLITE_ROW ? applied_.text(0) : std::string_view());
    applied_.reset();
    return out;
}
rig::Result<std::string> ObjectStore::memo(const Record &record) {
    read_memo_.bind(1, record.id);
    std::string out(read_memo_.step() == SQLITE_ROW ? read_memo_.text(0) : std::string_view());
    read_memo_.reset();
    return out;
}

rig::Status ObjectStore::begin() {
    if (in_transaction_) return {};
    RIG_RETURN_IF_ERROR(db_->exec("BEGIN IMMEDIATE"));
    in_transaction_ = true;
    return {};
}
rig::Status ObjectStore::run(Statement &statement, std::string_view doing) {
    const bool done = statement.step() == SQLITE_DONE;
    rig::Status status = done ? rig::Status() : db_->failure(doing);
    statement.reset();
    return status;
}
rig::Status ObjectStore::set_counter(std::string_view key, uint64_t value) {
    RIG_RETURN_IF_ERROR(begin());
    counter_.bind(1, key).bind(2, static_cast<int64_t>(value));
    return run(counter_, "count");
}
rig::Result<uint64_t> ObjectStore::next_version() {
    RIG_RETURN_IF_ERROR(begin());
    if (version_ + 1 > ceiling_) {
        ceiling_ = version_ + kVersionBlock;
        RIG_RETURN_IF_ERROR(set_counter("versions", ceiling_));
    }
    return ++version_;
}

void ObjectStore::describe(const Json &object, Record &record) const {
    const Json &meta = object.at("metadata");
    record.labels = pack_labels(cluster_local::find(meta, {"labels"}));
    record.deleting = meta.contains("deletionTimestamp");
    const Json *finalizers = cluster_local::find(meta, {"finalizers"});
    record.finalizers = finalizers && finalizers->is_array() && !finalizers->empty();
    record.owners.clear();
    if (const Json *owners = cluster_local::find(meta, {"ownerReferences"}); owners && owners->is_array())
        for (const Json &owner : *owners) record.owners.emplace_back(text_at(owner, {"uid"}));
    std::vector<std::string> values(record.kind->info().fields.size());
    record.kind->index(object, values);
    if (const Json *status = cluster_local::find(object, {"status"})) record.kind->index_status(*status, values);
    record.fields = pack_values(values);
}
void ObjectStore::link(Record &record) {
    Table &table = tables_.at(record.kind);
    table.by_name.insert(&record);
    table.by_version[record.version] = &record;
    by_uid_[record.uid] = &record;
    for (const auto &owner : record.owners) by_owner_.emplace(owner, &record);
    record.kind->account(allocations_, record.fields, true);
}
void ObjectStore::unlink(Record &record) {
    Table &table = tables_.at(record.kind);
    table.by_name.erase(&record);
    table.by_version.erase(record.version);
    by_uid_.erase(record.uid);
    for (const auto &owner : record.owners) {
        const auto [first, last] = by_owner_.equal_range(owner);
        for (auto it = first; it != last; ++it)
            if (it->second == &record) {
                by_owner_.erase(it);
                break;
            }
    }
    record.kind->account(allocations_, record.fields, false);
}

rig::Result<const Record *> ObjectStore::insert(const Kind &kind, Json &object, std::string_view applied) {
    RIG_ASSIGN_OR_RETURN(const uint64_t version, next_version());
    auto record = std::make_unique<Record>();
    record->kind = &kind;
    record->id = next_id_++;
    record->version = record->created = version;
    record->name_space = text_at(object, {"metadata", "namespace"});
    record->name = text_at(object, {"metadata", "name"});
    record->uid = text_at(object, {"metadata", "uid"});
    describe(object, *record);
    const Pieces pieces = split(object);
    const std::string key = kind_key(kind), owners = pack_values(record->owners);
    insert_.bind(1, record->id).bind(2, key).bind(3, record->name_space).bind(4, record->name).bind(5, record->uid);
    insert_.bind(6, static_cast<int64_t>(version))
        .bind(7, (record->deleting ? kDeleting : 0) | (record->finalizers ? kFinalizers : 0));
    insert_.bind(8, record->labels)
        .bind(9, record->fields)
        .bind(10, owners)
        .bind(11, pieces.status)
        .bind(12, pieces.meta);
    insert_.bind(13, pieces.body).bind(14, applied);
    RIG_RETURN_IF_ERROR(run(insert_, "create " + record->name));
    object["metadata"]["resourceVersion"] = std::to_string(version);
    link(*record);
    const Record *stored = record.get();
    records_.emplace(record->id, std::move(record));
    for (StoreObserver *observer : observers_) observer->on_put(*stored, nullptr);
    return stored;
}

rig::Result<const Record *> ObjectStore::update(const Record &old, Json &object,
                                                std::optional<std::string_view> applied) {
    RIG_ASSIGN_OR_RETURN(const uint64_t version, next_version());
    Record &record = *records_.at(old.id);
    const Record before = record;
    Record after = before;
    after.version = version;
    describe(object, after);
    const Pieces pieces = split(object);
    const std::string owners = pack_values(after.owners);
    update_.bind(1, after.id).bind(2, static_cast<int64_t>(version));
    update_.bind(3, (after.deleting ? kDeleting : 0) | (after.finalizers ? kFinalizers : 0));
    update_.bind(4, after.labels)
        .bind(5, after.fields)
        .bind(6, owners)
        .bind(7, pieces.status)
        .bind(8, pieces.meta)
        .bind(9, pieces.body);
    update_.bind(10, applied.value_or("")).bind(11, applied.has_value());
    RIG_RETURN_IF_ERROR(run(update_, "update " + after.name));
    object["metadata"]["resourceVersion"] = std::to_string(version);
    unlink(record);
    record.version = version;
    record.labels = std::move(after.labels);
    record.fields = std::move(after.fields);
    record.owners = std::move(after.owners);
    record.deleting = after.deleting;
    record.finalizers = after.finalizers;
    link(record);
    for (StoreObserver *observer : observers_) observer->on_put(record, &before);
    return &record;
}

rig::Status ObjectStore::update_status(const Record &old, const Json &status, std::optional<std::string_view> memo) {
    RIG_ASSIGN_OR_RETURN(const uint64_t version, next_version());
    Record &record = *records_.at(old.id);
    const Record before = record;
    std::vector<std::string> values(record.kind->info().fields.size());
    for (size_t i = 0; i < values.size(); ++i) values[i] = value_at(record.fields, i);
    record.kind->index_status(status, values);
    std::string fields = pack_values(values);
    const std::string text = status.dump();
    status_.bind(1, record.id).bind(2, static_cast<int64_t>(version)).bind(3, fields).bind(4, text);
    status_.bind(5, memo.value_or("")).bind(6, memo.has_value());
    RIG_RETURN_IF_ERROR(run(status_, "update the status of " + record.name));
    auto &by_version = tables_.at(record.kind).by_version;
    by_version.erase(record.version);
    record.version = version;
    record.fields = std::move(fields);
    by_version[version] = &record;
    for (StoreObserver *observer : observers_) observer->on_put(record, &before);
    return {};
}

rig::Status ObjectStore::set_memo(const Record &record, std::string_view memo) {
    RIG_RETURN_IF_ERROR(begin());
    memo_.bind(1, record.id).bind(2, memo);
    return run(memo_, "note on " + record.name);
}

rig::Status ObjectStore::set_applied(const Record &record, std::string_view applied) {
    RIG_RETURN_IF_ERROR(begin());
    set_applied_.bind(1, record.id).bind(2, applied);
    return run(set_applied_, "update " + record.name);
}

rig::Status ObjectStore::erase(const Record &old) {
    RIG_ASSIGN_OR_RETURN(const uint64_t version, next_version());
    Record &record = *records_.at(old.id);
    Record last = record;
    last.version = version;
    RIG_ASSIGN_OR_RETURN(const std::string document, text(last));
    const std::string key = kind_key(*record.kind);
    bury_.bind(1, static_cast<int64_t>(version))
        .bind(2, key)
        .bind(3, record.id)
        .bind(4, static_cast<int64_t>(record.created))
        .bind(5, document);
    RIG_RETURN_IF_ERROR(run(bury_, "delete " + record.name));
    erase_.bind(1, record.id);
    RIG_RETURN_IF_ERROR(run(erase_, "delete " + record.name));
    Table &table = tables_.at(record.kind);
    table.tombstones[version] = {record.id, record.created};
    unlink(record);
    const auto owned = std::move(records_.at(old.id));
    records_.erase(owned->id);
    for (StoreObserver *observer : observers_) observer->on_erase(*owned);
    return compact(table);
}

rig::Status ObjectStore::compact(Table &table) {
    if (table.tombstones.size() <= options_.max_tombstones) return {};
    const Kind *kind = nullptr;
    for (const auto &[candidate, held] : tables_)
        if (&held == &table) kind = candidate;
    for (size_t drop = options_.max_tombstones / 10 + 1; drop > 0; --drop) {
        const auto oldest = table.tombstones.begin();
        forget_.bind(1, static_cast<int64_t>(oldest->first));
        RIG_RETURN_IF_ERROR(run(forget_, "compact"));
        table.compacted = oldest->first;
        table.tombstones.erase(oldest);
    }
    return set_counter("compacted " + kind_key(*kind), table.compacted);
}

rig::Status ObjectStore::commit() {
    if (!in_transaction_) return {};
    RIG_RETURN_IF_ERROR(db_->exec("COMMIT"));
    in_transaction_ = false;
    return {};
}
rig::Status ObjectStore::abort() {
    (void)db_->exec("ROLLBACK"); // fails when SQLite rolled back by itself, as it does on a full disk
    in_transaction_ = false;
    for (StoreObserver *observer : observers_) observer->on_reset();
    const rig::Status loaded = load();
    healthy_ = loaded.ok();
    if (healthy_) replay();
    return loaded;
}

uint64_t ObjectStore::compacted(const Kind &kind) const { return tables_.at(&kind).compacted; }
std::optional<LogEntry> ObjectStore::next_change(const Kind &kind, uint64_t version) const {
    const Table &table = tables_.at(&kind);
    const auto live = table.by_version.upper_bound(version);
    const auto dead = table.tombstones.upper_bound(version);
    const bool has_live = live != table.by_version.end(), has_dead = dead != table.tombstones.end();
    if (has_live && (!has_dead || live->first < dead->first))
        return LogEntry{live->first, live->second->created, live->second->id, live->second};
    if (has_dead) return LogEntry{dead->first, dead->second.created, dead->second.id, nullptr};
    return std::nullopt;
}
rig::Result<std::string> ObjectStore::tombstone(uint64_t version) {
    exhume_.bind(1, static_cast<int64_t>(version));
    const bool found = exhume_.step() == SQLITE_ROW;
    std::string out(found ? exhume_.text(0) : std::string_view());
    exhume_.reset();
    if (!found) return db_->failure("read a deleted object").error();
    return out;
}

std::string ObjectStore::new_uid() const {
    const uint64_t high = mix(identity_ ^ mix(version_ + 1)), low = mix(high ^ identity_ ^ 1);
    char text[37];
    std::snprintf(text, sizeof text, "%08x-%04x-4%03x-%04x-%012llx", static_cast<unsigned>(high >> 32),
                  static_cast<unsigned>(high >> 16 & 0xffff), static_cast<unsigned>(high & 0xfff),
                  static_cast<unsigned>(0x8000 | (low >> 48 & 0x3fff)),
                  static_cast<unsigned long long>(low & 0xffffffffffffULL));
    return text;
}
std::string ObjectStore::random_suffix() const {
    constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
    uint64_t h = mix(identity_ ^ mix(version_ + 1) ^ 2);
    std::string out;
    for (int i = 0; i < 5; ++i, h /= kAlphabet.size()) out += kAlphabet[h % kAlphabet.size()];
    return out;
}

} // namespace cluster_local
