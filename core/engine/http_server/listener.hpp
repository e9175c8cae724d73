// engine/http_server/listener.hpp -- listening sockets: a unix socket that appears with its final mode, or TCP.
#pragma once
#include "engine/http_server/server.hpp"

#include <string>

namespace rigger::http_server {

/// Owns the descriptor and the socket's file, if it has one. Move-only.
class Listener {
public:
    /// Binds under another name, sets mode and group, and renames: nobody sees the file with other permissions. A file
    /// that a dead process left is replaced. Errors: conflict SocketInUse, invalid SocketPath, SocketGroup, SocketFile;
    /// unavailable.
    static Result<Listener> open(const UnixSocket &where);
    /// Errors: invalid Address; conflict AddressInUse; denied AddressDenied; unavailable.
    static Result<Listener> open(const TcpSocket &where);

    /// What open() would find, without opening: the path and what is there (SocketPath, SocketFile, SocketInUse), and
    /// that the group exists and this process may give files to it (SocketGroup).
    static Status check_path(const UnixSocket &where);
    static Status check_group(const UnixSocket &where);

    Listener(Listener &&other) noexcept;
    Listener &operator=(Listener &&) = delete;
    ~Listener();

    int fd() const noexcept { return fd_; }
    bool is_unix() const noexcept { return !path_.empty(); }
    uint16_t port() const noexcept { return port_; }
    /// A connected descriptor, close-on-exec; -1: none now.
    int accept() const noexcept;
    /// Stops listening and removes the file, unless somebody has put another one in its place.
    void close() noexcept;

private:
    explicit Listener(int fd) : fd_(fd) {}
    int fd_ = -1;
    uint16_t port_ = 0;
    std::string path_;
    uint64_t device_ = 0, inode_ = 0;
};

} // namespace rigger::http_server
