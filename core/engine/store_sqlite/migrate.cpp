#include "engine/store_sqlite/migrate.hpp"

#include <map>

namespace rigger::sqlite {
namespace {
constexpr const char *journal_table =
    "CREATE TABLE IF NOT EXISTS rigger_migrations ("
    "number INTEGER PRIMARY KEY, name TEXT NOT NULL, "
    "applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'))";

Status check(const std::map<int, std::string> &applied, std::span<const Migration> known, const std::string &path) {
    for (const auto &[number, name] : applied) {
        if (number < 1 || static_cast<size_t>(number) > known.size())
            return Error{Code::unsupported, "SchemaTooNew",
                         "store '" + path + "' was written by a newer rigger: it has migration " +
                             std::to_string(number) + " '" + name + "', this build knows " +
                             std::to_string(known.size()) +
                             "; install the newer rigger again, or restore a backup from before the upgrade",
                         0};
        const char *const ours = known[static_cast<size_t>(number) - 1].name;
        if (name != ours)
            return Error{Code::unsupported, "SchemaForeign",
                         "store '" + path + "' was written by another build of rigger: its migration " +
                             std::to_string(number) + " is '" + name + "', here it is '" + ours +
                             "'; use the build that made it, or start with an empty store",
                         0};
    }
    return {};
}

Result<std::map<int, std::string>> applied_migrations(Database &database) {
    std::map<int, std::string> applied;
    RIG_TRY(database.query("SELECT number, name FROM rigger_migrations", {}, [&](const Row &row) {
        applied.emplace(row.small(0), row.text(1));
        return Status();
    }));
    return applied;
}
} // namespace

Status check_migrations(Database &database, std::span<const Migration> known) {
    bool journal = false;
    RIG_TRY(database.query("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'rigger_migrations'", {},
                           [&](const Row &) {
                               journal = true;
                               return Status();
                           }));
    if (!journal) return {};
    RIG_TRY_ASSIGN(const auto applied, applied_migrations(database));
    return check(applied, known, database.path());
}

Status migrate(Database &database, std::span<const Migration> known) {
    Transaction transaction(database);
    RIG_TRY(transaction.begin(true));
    RIG_TRY(database.script(journal_table));
    RIG_TRY_ASSIGN(const auto applied, applied_migrations(database));
    RIG_TRY(check(applied, known, database.path()));
    for (const Migration &migration : known) {
        if (applied.count(migration.number) != 0) continue;
        if (Status done = database.script(migration.sql); !done.ok())
            return done.error().within("cannot apply migration " + std::to_string(migration.number) + " '" +
                                       migration.name + "'");
        RIG_TRY(database.run("INSERT INTO rigger_migrations (number, name) VALUES (?, ?)",
                             {integer(migration.number), text(migration.name)}));
    }
    return transaction.commit();
}

} // namespace rigger::sqlite
