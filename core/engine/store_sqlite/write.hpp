// core/engine/store_sqlite/write.hpp -- one Write of domain/ports/store.hpp as SQL.
#pragma once
#include "domain/ports/store.hpp"
#include "engine/store_sqlite/database.hpp"

namespace rigger::sqlite {

/// Inside a transaction. The error names the write and its subject.
Status apply(Database &database, const Write &write);

} // namespace rigger::sqlite
