// core/engine/store_sqlite/migrate.hpp -- brings a database to this build's schema.
#pragma once
#include "engine/store_sqlite/database.hpp"
#include "engine/store_sqlite/migrations.hpp"

namespace rigger::sqlite {

/// Applies what is missing, all in one transaction, and records it in rigger_migrations.
/// Errors: unsupported/SchemaTooNew, unsupported/SchemaForeign (a recorded migration has another name here), and the
/// store's own.
Status migrate(Database &database, std::span<const Migration> known);

/// Whether migrate() would take the database as it is; reads only. The same errors.
Status check_migrations(Database &database, std::span<const Migration> known);

} // namespace rigger::sqlite
