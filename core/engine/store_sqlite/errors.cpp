#include "engine/store_sqlite/errors.hpp"

#include <sqlite3.h>
#include <string>

namespace rigger::sqlite {
namespace {
constexpr uint32_t retry_ms = 1000;

struct Meaning {
    Code code;
    const char *reason, *what, *remedy;
};

Meaning meaning_of(int code) {
    switch (code) {
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return {Code::invalid, "StoreMissingRow", "a row refers to one that does not exist",
                "write the rows it refers to (offer, server, deployment) before it"};
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
        return {Code::invalid, "StoreDuplicate", "another row has this name already", "delete the other row first"};
    }
    switch (code & 0xff) {
    case SQLITE_FULL:
        return {Code::unavailable, "StoreDiskFull", "no space is left",
                "free space on its file system (or raise its quota); work goes on by itself then"};
    case SQLITE_READONLY:
        return {Code::unavailable, "StoreReadOnly", "it cannot be written",
                "make the file and its directory writable for the daemon's user, and check that the file system is not "
                "mounted "
                "read-only"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return {Code::unavailable, "StoreLocked", "another program holds it",
                "end the other program (`fuser` on the file names it); work goes on by itself then"};
    case SQLITE_IOERR:
        return {Code::unavailable, "StoreIo", "the disk answered with an error",
                "check `dmesg` and the health of the disk"};
    case SQLITE_CANTOPEN:
        return {Code::unavailable, "StoreCannotOpen", "it cannot be opened",
                "check that its directory exists and is writable for the daemon's user"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return {
            Code::internal, "StoreCorrupt", "its content is damaged or it is not a database",
            "stop the daemon, keep a copy of the file, and restore the last backup (or try `sqlite3 FILE .recover`)"};
    case SQLITE_CONSTRAINT:
        return {Code::invalid, "StoreConstraint", "a row breaks a rule of the schema",
                "this is a bug unless the tables were edited by hand"};
    case SQLITE_NOMEM: return {Code::exhausted, "StoreMemory", "no memory is left", "give the daemon more memory"};
    case SQLITE_TOOBIG:
        return {Code::invalid, "StoreTooBig", "a value is larger than a row may be", "write smaller values"};
    default:
        return {Code::internal, "StoreFailure", "an unexpected error",
                "this is a bug, or a damaged installation of SQLite"};
    }
}
} // namespace

Error error_of(int code, std::string_view path, std::string_view detail) {
    const Meaning meaning = meaning_of(code);
    std::string message = "store " + (path.empty() ? std::string("in memory") : "'" + std::string(path) + "'") + ": " +
                          meaning.what + " (" + std::string(detail) + ", code " + std::to_string(code) + "); " +
                          meaning.remedy;
    return {meaning.code, meaning.reason, std::move(message), meaning.code == Code::unavailable ? retry_ms : 0};
}

} // namespace rigger::sqlite
