// core/engine/store_sqlite/file_lock.hpp -- keeps a second daemon away from one state directory's store.
#pragma once
#include "base/status.hpp"

#include <memory>
#include <string>

namespace rigger::sqlite {

/// An exclusive advisory lock (flock) on a file of its own, held until destruction or the end of the process, however
/// it ends. The file stays and holds the holder's process id, for people.
class FileLock {
public:
    /// Errors: unavailable/StoreInUse (names the holder's pid), StoreCannotOpen, StoreReadOnly.
    static Result<std::unique_ptr<FileLock>> take(const std::string &path);
    ~FileLock();
    FileLock(const FileLock &) = delete;
    FileLock &operator=(const FileLock &) = delete;

private:
    explicit FileLock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
};

/// Makes the file if there is none, for its owner alone. SQLite gives its
/// companion files (-wal, -shm) the same permissions. Errors: unavailable/StoreReadOnly, StoreCannotOpen.
Status make_private_file(const std::string &path);

} // namespace rigger::sqlite
