// core/engine/store_sqlite/load.hpp -- reads everything that the control loop needs to go on.
#pragma once
#include "domain/ports/store.hpp"
#include "engine/store_sqlite/database.hpp"

namespace rigger::sqlite {

/// Inside a read transaction. Lists are sorted: servers by name, deployments and GPUs by id, intents by time, journal
/// by sequence.
Result<PersistentState> load_state(Database &database);

/// A row of rigger_journal: sequence, at, origin, event_id, type, document, handled.
Result<JournalEntry> journal_entry(const Row &row);

} // namespace rigger::sqlite
