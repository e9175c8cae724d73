#include "engine/http_server/guarded_stream.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/NetException.h>

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace rigger::http_server {

using Clock = std::chrono::steady_clock;

// Poco reads ahead by at most one buffer of this size, so that much may belong to the next part.
constexpr size_t kReadAhead = 8192;

void GuardedStream::begin_header(size_t bytes, Milliseconds within) {
    breach_ = Breach::none;
    bytes_left_ = bytes + kReadAhead;
    received_ = 0;
    header_time_ = within;
    header_awaited_ = true;
}

void GuardedStream::begin_body(size_t bytes, Milliseconds within) {
    bytes_left_ = bytes + kReadAhead;
    received_ = 0;
    header_awaited_ = false;
    read_deadline_ = Clock::now() + within;
}

void GuardedStream::begin_answer(Milliseconds within) { write_deadline_ = Clock::now() + within; }

bool GuardedStream::wait_until(SteadyTime deadline, short events) {
    struct ::pollfd one {
        sockfd(), events, 0
    };
    while (true) {
        const auto left = std::chrono::duration_cast<Milliseconds>(deadline - Clock::now()).count();
        const int ready = ::poll(&one, 1, static_cast<int>(std::clamp<long>(left, 0, INT_MAX)));
        if (ready > 0) return true;
        if (ready == 0 && Clock::now() >= deadline) return false;
        if (ready < 0 && errno != EINTR) throw Poco::Net::NetException("poll", errno);
    }
}

int GuardedStream::receiveBytes(void *buffer, int length, int flags) {
    if (header_awaited_) {
        header_awaited_ = false;
        read_deadline_ = Clock::now() + header_time_;
    }
    if (!wait_until(read_deadline_, POLLIN)) {
        breach_ = Breach::too_slow;
        throw Poco::TimeoutException();
    }
    ssize_t got = 0;
    do got = ::recv(sockfd(), buffer, static_cast<size_t>(length), flags);
    while (got < 0 && errno == EINTR);
    if (got < 0) throw Poco::Net::ConnectionResetException("recv", errno);
    if (static_cast<size_t>(got) > bytes_left_) {
        breach_ = Breach::too_big;
        throw Poco::Net::MessageException("too many bytes");
    }
    bytes_left_ -= static_cast<size_t>(got);
    received_ += static_cast<size_t>(got);
    return static_cast<int>(got);
}

int GuardedStream::sendBytes(const void *buffer, int length, int) {
    const char *at = static_cast<const char *>(buffer);
    int left = length;
    while (left > 0) {
        const ssize_t sent = ::send(sockfd(), at, static_cast<size_t>(left), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            at += sent;
            left -= static_cast<int>(sent);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (wait_until(write_deadline_, POLLOUT)) continue;
            breach_ = Breach::too_slow;
            throw Poco::TimeoutException();
        } else if (errno != EINTR) {
            throw Poco::Net::ConnectionResetException("send", errno);
        }
    }
    return length;
}

} // namespace rigger::http_server
