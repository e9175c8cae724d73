#include "fault_vfs.hpp"

#include <cstring>

namespace rigger::store_test {
namespace {

FaultyDisk the_disk;
sqlite3_vfs the_vfs;
sqlite3_vfs *real_vfs = nullptr;

struct File {
    sqlite3_file base;
    sqlite3_file *real; // lies behind this struct, in the room that SQLite gave us
};
sqlite3_file *real(sqlite3_file *file) { return reinterpret_cast<File *>(file)->real; }

template <typename F> int mutate(const F &operation) {
    if (the_disk.mutations_left <= 0) return the_disk.failure;
    --the_disk.mutations_left;
    return operation();
}

const sqlite3_io_methods &methods() {
    static const sqlite3_io_methods table = [] {
        sqlite3_io_methods m{};
        m.iVersion = 2;
        m.xClose = [](sqlite3_file *f) { return real(f)->pMethods->xClose(real(f)); };
        m.xRead = [](sqlite3_file *f, void *to, int n, sqlite3_int64 at) {
            return real(f)->pMethods->xRead(real(f), to, n, at);
        };
        m.xWrite = [](sqlite3_file *f, const void *from, int n, sqlite3_int64 at) {
            return mutate([&] { return real(f)->pMethods->xWrite(real(f), from, n, at); });
        };
        m.xTruncate = [](sqlite3_file *f, sqlite3_int64 size) {
            return mutate([&] { return real(f)->pMethods->xTruncate(real(f), size); });
        };
        m.xSync = [](sqlite3_file *f, int flags) {
            return mutate([&] { return real(f)->pMethods->xSync(real(f), flags); });
        };
        m.xFileSize = [](sqlite3_file *f, sqlite3_int64 *size) { return real(f)->pMethods->xFileSize(real(f), size); };
        m.xLock = [](sqlite3_file *f, int lock) { return real(f)->pMethods->xLock(real(f), lock); };
        m.xUnlock = [](sqlite3_file *f, int lock) { return real(f)->pMethods->xUnlock(real(f), lock); };
        m.xCheckReservedLock = [](sqlite3_file *f, int *out) {
            return real(f)->pMethods->xCheckReservedLock(real(f), out);
        };
        m.xFileControl = [](sqlite3_file *f, int op, void *arg) {
            return real(f)->pMethods->xFileControl(real(f), op, arg);
        };
        m.xSectorSize = [](sqlite3_file *f) { return real(f)->pMethods->xSectorSize(real(f)); };
        m.xDeviceCharacteristics = [](sqlite3_file *f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); };
        m.xShmMap = [](sqlite3_file *f, int page, int size, int extend, void volatile **out) {
            return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
        };
        m.xShmLock = [](sqlite3_file *f, int offset, int n, int flags) {
            return real(f)->pMethods->xShmLock(real(f), offset, n, flags);
        };
        m.xShmBarrier = [](sqlite3_file *f) { real(f)->pMethods->xShmBarrier(real(f)); };
        m.xShmUnmap = [](sqlite3_file *f, int remove) { return real(f)->pMethods->xShmUnmap(real(f), remove); };
        return m;
    }();
    return table;
}

int open_file(sqlite3_vfs *, const char *name, sqlite3_file *file, int flags, int *out_flags) {
    auto *const mine = reinterpret_cast<File *>(file);
    mine->base.pMethods = nullptr;
    mine->real = reinterpret_cast<sqlite3_file *>(mine + 1);
    if (the_disk.read_only && (flags & SQLITE_OPEN_MAIN_DB) != 0)
        flags = (flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) | SQLITE_OPEN_READONLY;
    const int code = real_vfs->xOpen(real_vfs, name, mine->real, flags, out_flags);
    if (code == SQLITE_OK) mine->base.pMethods = &methods();
    return code;
}
} // namespace

FaultyDisk &faulty_disk() {
    if (!real_vfs) {
        real_vfs = sqlite3_vfs_find(nullptr);
        the_vfs = *real_vfs;
        the_vfs.zName = faulty_vfs;
        the_vfs.szOsFile = static_cast<int>(sizeof(File)) + real_vfs->szOsFile;
        the_vfs.xOpen = open_file;
        the_vfs.pNext = nullptr;
        sqlite3_vfs_register(&the_vfs, 0);
    }
    return the_disk;
}

} // namespace rigger::store_test
