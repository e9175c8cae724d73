// tests/store/fault_vfs.hpp -- a SQLite VFS over the default one whose disk fails on command.
#pragma once
#include <cstdint>
#include <sqlite3.h>

namespace rigger::store_test {

/// The one disk of the VFS "rigger-fault". Used by one thread.
struct FaultyDisk {
    int64_t mutations_left = INT64_MAX; ///< writes, syncs and truncations that still succeed
    int failure = SQLITE_FULL;          ///< what the others answer
    bool read_only = false;             ///< the database itself opens for reading only
    void heal() { *this = {}; }
};

/// Registers the VFS at the first call.
FaultyDisk &faulty_disk();
constexpr const char *faulty_vfs = "rigger-fault";

} // namespace rigger::store_test
