#include "engine/store_sqlite/kv.hpp"

namespace rigger::sqlite {
namespace {

KvEntry entry_of(const Row &row) { return {row.text(0), row.bytes(1), static_cast<uint64_t>(row.integer(2))}; }

Status check_key(std::string_view key) {
    if (key.empty() || key.find('\0') != std::string_view::npos)
        return invalid("KvKey", "a key must not be empty or hold a NUL byte");
    return {};
}

Result<uint64_t> current_revision(Database &db) {
    uint64_t revision = 0;
    RIG_TRY(db.query("SELECT revision FROM rigger_kv_revision WHERE id = 1", {}, [&](const Row &row) {
        revision = static_cast<uint64_t>(row.integer(0));
        return Status();
    }));
    return revision;
}

Status check_revision(Database &db, std::string_view plugin, const KvWrite &write) {
    if (!write.if_revision) return {};
    RIG_TRY_ASSIGN(const auto found, kv_get(db, plugin, write.key));
    const uint64_t stored = found ? found->revision : 0;
    if (stored == *write.if_revision) return {};
    return Error{Code::conflict, "KvConflict",
                 "key '" + write.key + "' is at revision " + std::to_string(stored) + ", not " +
                     std::to_string(*write.if_revision) + " (0: absent); read it again, then retry",
                 0};
}

Status apply(Database &db, std::string_view plugin, const KvWrite &write, uint64_t revision) {
    RIG_TRY(check_key(write.key));
    RIG_TRY(check_revision(db, plugin, write));
    if (write.erase)
        return db.run("DELETE FROM rigger_kv WHERE plugin = ? AND entry_key = ?", {text(plugin), text(write.key)});
    return db.run(
        "INSERT INTO rigger_kv (plugin, entry_key, content, revision) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (plugin, entry_key) DO UPDATE SET content = excluded.content, revision = excluded.revision",
        {text(plugin), text(write.key), Bytes{write.value}, integer(static_cast<int64_t>(revision))});
}

} // namespace

Result<std::optional<KvEntry>> kv_get(Database &database, std::string_view plugin, std::string_view key) {
    std::optional<KvEntry> found;
    RIG_TRY(database.query("SELECT entry_key, content, revision FROM rigger_kv WHERE plugin = ? AND entry_key = ?",
                           {text(plugin), text(key)}, [&](const Row &row) {
                               found = entry_of(row);
                               return Status();
                           }));
    return found;
}

Result<std::vector<KvEntry>> kv_list(Database &database, std::string_view plugin, std::string_view prefix) {
    std::vector<KvEntry> entries;
    // Keys compare as bytes, so those with the prefix stand together, from the prefix itself on.
    RIG_TRY(database.query(
        "SELECT entry_key, content, revision FROM rigger_kv WHERE plugin = ?1 AND entry_key >= ?2 "
        "AND substr(CAST(entry_key AS BLOB), 1, length(CAST(?2 AS BLOB))) = CAST(?2 AS BLOB) ORDER BY entry_key",
        {text(plugin), text(prefix)}, [&](const Row &row) {
            entries.push_back(entry_of(row));
            return Status();
        }));
    return entries;
}

Result<uint64_t> kv_commit(Database &database, std::string_view plugin, const std::vector<KvWrite> &writes) {
    if (writes.empty()) return current_revision(database);
    Transaction transaction(database);
    RIG_TRY(transaction.begin(true));
    RIG_TRY_ASSIGN(const uint64_t last, current_revision(database));
    const uint64_t revision = last + 1;
    for (const KvWrite &write : writes) RIG_TRY(apply(database, plugin, write, revision));
    RIG_TRY(database.run("UPDATE rigger_kv_revision SET revision = ? WHERE id = 1",
                         {integer(static_cast<int64_t>(revision))}));
    RIG_TRY(transaction.commit());
    return revision;
}

} // namespace rigger::sqlite
