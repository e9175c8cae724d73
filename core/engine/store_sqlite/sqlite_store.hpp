// core/engine/store_sqlite/sqlite_store.hpp -- the embedded default of domain/ports/store.hpp: one SQLite file.
#pragma once
#include "domain/ports/store.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace rigger {

struct SqliteOptions {
    std::string path;                ///< file; its directory must exist. Empty: in memory, gone with the Store
    uint32_t busy_timeout_ms = 2000; ///< how long to wait for another program that holds the file, such as a backup
    std::string vfs;                 ///< SQLite VFS to use, for fault injection; empty: the default
    uint64_t max_pages = 0;          ///< a quota in pages of 4096 bytes; 0: none
};

/// Opens (creates) the file and takes the lock "<path>.lock" for the life of the Store, so that a second daemon on the
/// same state directory is refused. Nothing is changed before migrate().
///
/// Durability: WAL with synchronous=FULL. commit() returns after fsync of the log, because an intent must survive a
/// power cut before its effect may begin; synchronous=NORMAL would lose the last commits then. Threads: commits go
/// through one connection under a mutex; journal() and kv reads use a second one, so a reader never waits for an fsync.
/// Reasons: StoreInUse, StoreCannotOpen, StoreDiskFull, StoreReadOnly, StoreLocked, StoreIo, StoreCorrupt,
/// SchemaTooNew, SchemaForeign, StoreConstraint, StoreMissingRow, KvConflict.
Result<std::unique_ptr<Store>> open_sqlite_store(const SqliteOptions &options);

/// What open_sqlite_store() and migrate() would refuse in a file that nobody uses now: one that is no database, or is
/// of another build. A missing or empty one is fine. Changes nothing.
Status check_sqlite_store(const SqliteOptions &options);

/// "sqlite:///var/lib/rigger/rigger.db" -> the path; "sqlite::memory:" -> in memory. Error: invalid.
Result<SqliteOptions> parse_sqlite_url(std::string_view url);

} // namespace rigger
