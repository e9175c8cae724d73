#include "host/files.hpp"

#include <fcntl.h>
#include <sodium/core.h>
#include <sodium/crypto_generichash.h>
#include <sodium/utils.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

namespace rigger::host {
namespace {
constexpr size_t max_library_bytes = size_t{512} << 20;

class File {
public:
    explicit File(int fd) : fd_(fd) {}
    File(const File &) = delete;
    File &operator=(const File &) = delete;
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    int get() const noexcept { return fd_; }
    bool close() {
        const int fd = fd_;
        fd_ = -1;
        return ::close(fd) == 0;
    }

private:
    int fd_;
};

Error io_error(std::string_view what, const std::filesystem::path &path, int error) {
    const Code code = error == ENOENT                                       ? Code::not_found
                      : error == ENOSPC || error == EDQUOT                  ? Code::exhausted
                      : error == EACCES || error == EPERM || error == ELOOP ? Code::denied
                                                                            : Code::unavailable;
    std::string why = std::strerror(error);
    if (error == ELOOP) why = "it is a symbolic link; put the file itself there";
    const char *reason = code == Code::not_found   ? "FileMissing"
                         : code == Code::exhausted ? "DiskFull"
                         : code == Code::denied    ? "FileDenied"
                                                   : "FileUnreadable";
    return {code, reason, "cannot " + std::string(what) + " " + path.string() + ": " + why, 0};
}

class Hasher {
public:
    Hasher() {
        if (sodium_init() < 0) std::abort(); // no entropy source: nothing that needs trust can go on
        crypto_generichash_init(&state_, nullptr, 0, crypto_generichash_BYTES);
    }
    void add(const void *data, size_t n) {
        crypto_generichash_update(&state_, static_cast<const unsigned char *>(data), n);
    }
    std::string hex() {
        std::array<unsigned char, crypto_generichash_BYTES> digest{};
        crypto_generichash_final(&state_, digest.data(), digest.size());
        std::array<char, 2 * crypto_generichash_BYTES + 1> text{};
        sodium_bin2hex(text.data(), text.size(), digest.data(), digest.size());
        return text.data();
    }

private:
    crypto_generichash_state state_;
};

bool write_all(int fd, const char *data, size_t n) {
    while (n > 0) {
        const ssize_t wrote = ::write(fd, data, n);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) return false;
        data += wrote;
        n -= static_cast<size_t>(wrote);
    }
    return true;
}

/// Reads to the end, hashing; with `to` >= 0 copies as well.
Result<std::string> hash_stream(const std::filesystem::path &path, int from, int to) {
    Hasher hasher;
    std::array<char, 64 * 1024> buffer;
    size_t total = 0;
    while (true) {
        const ssize_t n = ::read(from, buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return io_error("read", path, errno);
        if (n == 0) return hasher.hex();
        total += static_cast<size_t>(n);
        if (total > max_library_bytes) return invalid("FileTooLarge", path.string() + " is larger than 512 MiB");
        hasher.add(buffer.data(), static_cast<size_t>(n));
        if (to >= 0 && !write_all(to, buffer.data(), static_cast<size_t>(n))) return io_error("copy", path, errno);
    }
}

Result<int> open_regular(const std::filesystem::path &path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return io_error("open", path, errno);
    struct stat st {};
    if (::fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) return fd;
    ::close(fd);
    return Error{Code::denied, "NotRegularFile", path.string() + " is not a regular file", 0};
}

Status check_one(const std::filesystem::path &path, bool directory) {
    struct stat st {};
    if (::lstat(path.c_str(), &st) != 0) return io_error("inspect", path, errno);
    const char *reason = directory ? "UntrustedDirectory" : "UntrustedFile";
    if (st.st_uid != 0 && st.st_uid != ::geteuid())
        return Error{Code::denied, reason,
                     path.string() + " belongs to user " + std::to_string(st.st_uid) +
                         ", who could replace it; run: chown root " + path.string(),
                     0};
    const bool sticky = directory && (st.st_mode & S_ISVTX) != 0;
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0 && !sticky)
        return Error{Code::denied, reason,
                     path.string() + " may be written by others than its owner; run: chmod go-w " + path.string(), 0};
    return {};
}
} // namespace

Result<std::string> read_text_file(const std::filesystem::path &file, size_t max_bytes) {
    const File in(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (in.get() < 0) return io_error("open", file, errno);
    struct stat st {};
    if (::fstat(in.get(), &st) != 0) return io_error("inspect", file, errno);
    if (!S_ISREG(st.st_mode)) return invalid("NotRegularFile", file.string() + " is not a regular file");
    std::string out;
    std::array<char, 16 * 1024> buffer;
    while (true) {
        const ssize_t n = ::read(in.get(), buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return io_error("read", file, errno);
        if (n == 0) return out;
        out.append(buffer.data(), static_cast<size_t>(n));
        if (out.size() > max_bytes)
            return invalid("FileTooLarge",
                           file.string() + " is larger than " + std::to_string(max_bytes / 1024) + " KiB; shorten it");
    }
}

Status replace_file(const std::filesystem::path &file, std::string_view bytes, unsigned mode) {
    std::string temporary = file.string() + ".XXXXXX";
    File out(::mkostemp(temporary.data(), O_CLOEXEC));
    if (out.get() < 0) return io_error("create", temporary, errno);
    if (!write_all(out.get(), bytes.data(), bytes.size()) || ::fchmod(out.get(), mode) != 0 ||
        ::fsync(out.get()) != 0 || !out.close() || ::rename(temporary.c_str(), file.c_str()) != 0) {
        const int error = errno;
        ::unlink(temporary.c_str());
        return io_error("write", file, error);
    }
    return {};
}

Status check_trusted(const std::filesystem::path &file) {
    std::error_code ec;
    const std::filesystem::path parent = std::filesystem::canonical(file.parent_path(), ec);
    if (ec) return io_error("inspect", file, ec.value());
    RIG_TRY(check_one(parent / file.filename(), false));
    for (std::filesystem::path at = parent;; at = at.parent_path()) {
        RIG_TRY(check_one(at, true));
        if (at == at.root_path()) return {};
    }
}

Status make_private_directory(const std::filesystem::path &directory) {
    std::error_code ec;
    if (!std::filesystem::exists(directory, ec)) {
        if (directory.has_parent_path()) std::filesystem::create_directories(directory.parent_path(), ec);
        if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return io_error("create", directory, errno);
    }
    struct stat st {};
    if (::stat(directory.c_str(), &st) != 0) return io_error("inspect", directory, errno);
    if (!S_ISDIR(st.st_mode)) return Error{Code::denied, "NotDirectory", directory.string() + " is not a directory", 0};
    if (st.st_uid != ::geteuid() && st.st_uid != 0)
        return Error{Code::denied, "UntrustedDirectory",
                     directory.string() + " belongs to another user; remove it or choose another directory", 0};
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return Error{Code::denied, "UntrustedDirectory",
                     directory.string() + " may be written by others; run: chmod 0700 " + directory.string(), 0};
    return {};
}

Result<std::string> hash_file(const std::filesystem::path &file) {
    RIG_TRY_ASSIGN(const int fd, open_regular(file));
    const File in(fd);
    return hash_stream(file, in.get(), -1);
}

Result<std::string> copy_hashed(const std::filesystem::path &from, const std::filesystem::path &directory) {
    RIG_TRY_ASSIGN(const int fd, open_regular(from));
    const File in(fd);
    std::string temporary = (directory / ".incoming-XXXXXX").string();
    File out(::mkostemp(temporary.data(), O_CLOEXEC));
    if (out.get() < 0) return io_error("create", temporary, errno);
    const auto discard = [&](Error e) {
        ::unlink(temporary.c_str());
        return e;
    };
    auto digest = hash_stream(from, in.get(), out.get());
    if (!digest.ok()) return discard(digest.error());
    const std::filesystem::path target = directory / (*digest + ".so");
    // A copy of the same bytes is kept: a library that is mapped must never be replaced under its name.
    if (const auto there = hash_file(target); there.ok() && *there == *digest) {
        ::unlink(temporary.c_str());
        return digest;
    }
    if (::fchmod(out.get(), 0444) != 0 || ::fsync(out.get()) != 0 || !out.close() ||
        ::rename(temporary.c_str(), target.c_str()) != 0)
        return discard(io_error("store", target, errno));
    return digest;
}

} // namespace rigger::host
