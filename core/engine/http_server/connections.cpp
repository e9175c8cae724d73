#include "engine/http_server/connections.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

namespace rigger::http_server {
namespace {

constexpr std::chrono::milliseconds kLook{200};

/// A TCP peer that closed and one that merely sends no more look alike; a half-open client is not worth a stuck
/// command.
bool has_gone(const OpenConnection &connection) {
    struct ::pollfd one {
        connection.fd, static_cast<short>(connection.is_unix ? 0 : POLLRDHUP), 0
    };
    return ::poll(&one, 1, 0) > 0 && (one.revents & (POLLHUP | POLLERR | POLLNVAL | POLLRDHUP)) != 0;
}

} // namespace

Connections::Connections() : watcher_([this] { watch(); }) {}

Connections::~Connections() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    watcher_.join();
}

std::shared_ptr<OpenConnection> Connections::add(int fd, bool is_unix) {
    auto connection = std::make_shared<OpenConnection>();
    connection->fd = fd;
    connection->is_unix = is_unix;
    const std::lock_guard lock(mutex_);
    open_.insert(connection);
    return connection;
}

void Connections::remove(const std::shared_ptr<OpenConnection> &connection) {
    {
        const std::lock_guard lock(mutex_);
        open_.erase(connection);
    }
    changed_.notify_all();
}

size_t Connections::count(bool is_unix) const {
    const std::lock_guard lock(mutex_);
    return static_cast<size_t>(
        std::count_if(open_.begin(), open_.end(), [&](const auto &c) { return c->is_unix == is_unix; }));
}

void Connections::begin(OpenConnection &connection, OpenConnection::Work work) {
    {
        const std::lock_guard lock(mutex_);
        connection.work = work;
        if (refusing_ && work == OpenConnection::Work::stream) connection.cancelled = 1;
        if (++calls_ > 1) return;
    }
    changed_.notify_all();
}

void Connections::end(OpenConnection &connection) {
    const std::lock_guard lock(mutex_);
    connection.work = OpenConnection::Work::none;
    --calls_;
}

void Connections::watch() {
    std::unique_lock lock(mutex_);
    while (!ending_) {
        if (calls_ == 0) {
            changed_.wait(lock);
            continue;
        }
        changed_.wait_for(lock, kLook, [this] { return ending_; });
        bool cancelled = false;
        for (const auto &connection : open_)
            if (!refusing_ && connection->work != OpenConnection::Work::none && connection->cancelled == 0 &&
                has_gone(*connection)) {
                connection->cancelled = 1;
                cancelled = true;
            }
        if (cancelled && on_cancel_) on_cancel_();
    }
}

void Connections::refuse_more() {
    {
        const std::lock_guard lock(mutex_);
        refusing_ = true;
        for (const auto &connection : open_) {
            ::shutdown(connection->fd, SHUT_RD);
            if (connection->work == OpenConnection::Work::stream) connection->cancelled = 1;
        }
    }
    if (on_cancel_) on_cancel_();
}

void Connections::abort() {
    {
        const std::lock_guard lock(mutex_);
        for (const auto &connection : open_) {
            connection->cancelled = 1;
            ::shutdown(connection->fd, SHUT_RDWR);
        }
    }
    if (on_cancel_) on_cancel_();
}

bool Connections::wait_until_none(std::chrono::milliseconds at_most) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, at_most, [this] { return open_.empty(); });
}

} // namespace rigger::http_server
