#include "engine/http_server/listener.hpp"

#include <Poco/Net/IPAddress.h>
#include <Poco/Net/SocketAddress.h>

#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

namespace rigger::http_server {
namespace {

constexpr int kBacklog = 64;

std::string why() { return std::strerror(errno); }

struct ::sockaddr_un address_of(const std::string &path) {
    struct ::sockaddr_un address {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

/// Somebody answers behind the file.
bool is_served(const std::string &path) {
    const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0) return false;
    const auto address = address_of(path);
    const bool alive = ::connect(probe, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0 ||
                       errno == EAGAIN || errno == EACCES;
    ::close(probe);
    return alive;
}

std::string temporary_of(const std::string &path) { return path + ".new"; }

Status free_for_use(const std::string &path) {
    struct ::stat found {};
    if (::lstat(path.c_str(), &found) != 0) {
        if (errno == ENOENT) return {};
        return Error{Code::unavailable, "SocketFile",
                     "cannot listen on " + path + ": " + why() + "; check the directory", 0};
    }
    if (!S_ISSOCK(found.st_mode))
        return invalid("SocketFile",
                       "cannot listen on " + path +
                           ": a file that is not a socket is in the way; remove it or choose another path");
    if (is_served(path))
        return Error{Code::conflict, "SocketInUse",
                     "cannot listen on " + path + ": another process serves there; stop it or choose another path", 0};
    return {};
}

Result<std::optional<gid_t>> group_id(const std::string &name) {
    if (name.empty()) return std::optional<gid_t>();
    char buffer[4096];
    struct ::group entry {
    }, *found = nullptr;
    if (::getgrnam_r(name.c_str(), &entry, buffer, sizeof buffer, &found) != 0 || !found)
        return invalid("SocketGroup", "cannot give the socket to group '" + name +
                                          "': there is no such group; create it with `groupadd " + name + "`");
    return std::optional<gid_t>(found->gr_gid);
}

} // namespace

Listener::Listener(Listener &&other) noexcept
    : fd_(std::exchange(other.fd_, -1)), port_(other.port_), path_(std::exchange(other.path_, {})),
      device_(other.device_), inode_(other.inode_) {}

Listener::~Listener() { close(); }

Status Listener::check_path(const UnixSocket &where) {
    const std::string &path = where.path;
    if (path.empty() || path.front() != '/' || temporary_of(path).size() >= sizeof(sockaddr_un::sun_path))
        return invalid("SocketPath",
                       "cannot listen on '" + path +
                           "': the path of a unix socket is absolute and has at most 103 bytes; choose a shorter one");
    return free_for_use(path);
}

Status Listener::check_group(const UnixSocket &where) {
    RIG_TRY_ASSIGN(const std::optional<gid_t> group, group_id(where.group));
    if (!group || ::geteuid() == 0 || *group == ::getegid()) return {};
    std::vector<gid_t> mine(static_cast<size_t>(std::max(0, ::getgroups(0, nullptr))));
    if (::getgroups(static_cast<int>(mine.size()), mine.data()) >= 0 &&
        std::find(mine.begin(), mine.end(), *group) != mine.end())
        return {};
    return invalid("SocketGroup", "cannot give the socket to group '" + where.group +
                                      "': the user that runs riggerd is not in it; run: usermod -aG " + where.group +
                                      " USER");
}

Result<Listener> Listener::open(const UnixSocket &where) {
    RIG_TRY(check_path(where));
    const std::string &path = where.path, temporary = temporary_of(path);
    RIG_TRY_ASSIGN(const std::optional<gid_t> group, group_id(where.group));
    Listener listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto failed = [&](const char *step) {
        Error error{
            Code::unavailable, "SocketFile",
            "cannot listen on " + path + ": " + step + ": " + why() + "; check the directory and its permissions", 0};
        ::unlink(temporary.c_str());
        return error;
    };
    if (listener.fd_ < 0) return failed("socket");
    ::unlink(temporary.c_str());
    // The file is made with the socket's own mode, closed to all but us until it is complete.
    if (::fchmod(listener.fd_, 0600) != 0) return failed("fchmod");
    const auto address = address_of(temporary);
    if (::bind(listener.fd_, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0) return failed("bind");
    if (group && ::chown(temporary.c_str(), static_cast<uid_t>(-1), *group) != 0) return failed("chown");
    if (::chmod(temporary.c_str(), where.mode & 0777) != 0) return failed("chmod");
    if (::listen(listener.fd_, kBacklog) != 0) return failed("listen");
    if (::rename(temporary.c_str(), path.c_str()) != 0) return failed("rename");
    struct ::stat made {};
    if (::stat(path.c_str(), &made) == 0) {
        listener.device_ = made.st_dev;
        listener.inode_ = made.st_ino;
    }
    listener.path_ = path;
    return listener;
}

Result<Listener> Listener::open(const TcpSocket &where) {
    Poco::Net::IPAddress ip;
    if (!Poco::Net::IPAddress::tryParse(where.address, ip))
        return invalid("Address", "cannot listen on '" + where.address +
                                      "': it is not an IP address; use for example 127.0.0.1 or ::1");
    const std::string shown = where.address + " port " + std::to_string(where.port);
    const Poco::Net::SocketAddress address(ip, where.port);
    Listener listener(::socket(address.af(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    if (listener.fd_ < 0 || ::setsockopt(listener.fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        ::bind(listener.fd_, address.addr(), address.length()) != 0 || ::listen(listener.fd_, kBacklog) != 0) {
        const Code code = errno == EADDRINUSE ? Code::conflict : errno == EACCES ? Code::denied : Code::unavailable;
        return Error{code, code == Code::conflict ? "AddressInUse" : "Address",
                     "cannot listen on " + shown + ": " + why() + "; choose another address or port", 0};
    }
    struct ::sockaddr_storage bound {};
    socklen_t size = sizeof bound;
    if (::getsockname(listener.fd_, reinterpret_cast<sockaddr *>(&bound), &size) == 0)
        listener.port_ = ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6 &>(bound).sin6_port
                                                           : reinterpret_cast<const sockaddr_in &>(bound).sin_port);
    return listener;
}

int Listener::accept() const noexcept { return ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC); }

void Listener::close() noexcept {
    if (fd_ < 0) return;
    struct ::stat now {};
    if (!path_.empty() && ::stat(path_.c_str(), &now) == 0 && now.st_dev == device_ && now.st_ino == inode_)
        ::unlink(path_.c_str());
    ::close(std::exchange(fd_, -1));
}

} // namespace rigger::http_server
