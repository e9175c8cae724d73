// An HTTPS peer that answers, byte by byte, what the test says.
#pragma once
#include "certificates.hpp"
#include "kube/client.hpp"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

namespace kube::testing {

/// Every look at it takes `step`: waits end after so many looks, and no test waits for real time.
class StepClock final : public Clock {
public:
    explicit StepClock(uint64_t step_ns = 1'000) : step_(step_ns) {}
    uint64_t mono_ns() const override { return now_ += step_; }
    int64_t wall_ns() const override { return 1'700'000'000LL * 1'000'000'000 + static_cast<int64_t>(now_.load()); }
    void set_step(uint64_t step_ns) { step_ = step_ns; }

private:
    std::atomic<uint64_t> step_;
    mutable std::atomic<uint64_t> now_{second_ns};
};

struct Asked {
    std::string line, head, body; ///< "GET /path", the whole head, the body
    bool says(std::string_view text) const { return head.find(text) != std::string::npos; }
};

struct Answered {
    std::string bytes;
    enum class Then : uint8_t { go_on, close, hang } then = Then::go_on;
};

inline Answered json_answer(const std::string &body, int status = 200, const std::string &headers = {}) {
    return {"HTTP/1.1 " + std::to_string(status) + " Some\r\nContent-Type: application/json\r\n" + headers +
            "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body};
}
/// As the API server sends a watch: chunk by chunk, without an end unless `end`.
inline Answered chunks(const std::vector<std::string> &parts, Answered::Then then, bool end = false) {
    std::string out = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    char size[32];
    for (const std::string &part : parts) {
        (void)std::snprintf(size, sizeof size, "%zx\r\n", part.size());
        out += size + part + "\r\n";
    }
    return {out + (end ? "0\r\n\r\n" : ""), then};
}

class Peer {
public:
    using Script = std::function<Answered(const Asked &)>;

    Peer(const Pair &identity, Script script)
        : script_(std::move(script)), context_(SSL_CTX_new(TLS_server_method())),
          listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
        SSL_CTX_use_certificate(context_, identity.certificate.get());
        SSL_CTX_use_PrivateKey(context_, identity.key.get());
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        if (::bind(listener_, reinterpret_cast<sockaddr *>(&at), size) != 0 || ::listen(listener_, 16) != 0)
            throw std::runtime_error("cannot listen");
        ::getsockname(listener_, reinterpret_cast<sockaddr *>(&at), &size);
        port_ = ntohs(at.sin_port);
        acceptor_ = std::thread([this] { accept(); });
    }
    ~Peer() {
        stopping_ = true;
        acceptor_.join();
        for (std::thread &one : talks_) one.join();
        ::close(listener_);
        SSL_CTX_free(context_);
    }
    uint16_t port() const { return port_; }
    int connections() const { return connections_; }
    std::vector<Asked> asked() const {
        const std::lock_guard held(lock_);
        return asked_;
    }

private:
    bool wait(int fd, short events) const {
        for (pollfd p{fd, events, 0}; !stopping_;)
            if (::poll(&p, 1, 20) > 0) return true;
        return false;
    }
    bool readable(int fd) const { return wait(fd, POLLIN); }
    void accept() {
        while (readable(listener_)) {
            const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (fd < 0) continue;
            ++connections_;
            talks_.emplace_back([this, fd] {
                const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context_), &SSL_free);
                SSL_set_fd(ssl.get(), fd);
                if (readable(fd) && SSL_accept(ssl.get()) == 1) talk(ssl.get(), fd);
                ::close(fd);
            });
        }
    }
    void talk(SSL *ssl, int fd) {
        for (std::string rest;;) {
            Asked asked;
            if (!read_request(ssl, fd, rest, asked)) return;
            {
                const std::lock_guard held(lock_);
                asked_.push_back(asked);
            }
            const Answered answer = script_(asked);
            if (!answer.bytes.empty() &&
                SSL_write(ssl, answer.bytes.data(), static_cast<int>(answer.bytes.size())) <= 0)
                return;
            if (answer.then == Answered::Then::close) return (void)SSL_shutdown(ssl);
            if (answer.then == Answered::Then::hang) return (void)wait(fd, POLLRDHUP); // until the client goes away
        }
    }
    bool read_request(SSL *ssl, int fd, std::string &rest, Asked &into) const {
        size_t end = 0, length = 0;
        for (char buffer[4096];;) {
            if (end == 0 && (end = rest.find("\r\n\r\n")) != std::string::npos) {
                end += 4;
                if (const size_t at = rest.find("Content-Length: "); at < end)
                    length = std::stoul(rest.substr(at + 16));
            } else if (end == std::string::npos) {
                end = 0;
            }
            if (end != 0 && rest.size() >= end + length) break;
            if (SSL_pending(ssl) == 0 && !readable(fd)) return false;
            const int got = SSL_read(ssl, buffer, sizeof buffer);
            if (got <= 0) return false;
            rest.append(buffer, static_cast<size_t>(got));
        }
        into.head = rest.substr(0, end);
        into.body = rest.substr(end, length);
        into.line = into.head.substr(0, into.head.find(" HTTP/"));
        rest.erase(0, end + length);
        return true;
    }

    const Script script_;
    SSL_CTX *const context_;
    const int listener_;
    uint16_t port_ = 0;
    std::atomic<bool> stopping_{false};
    std::atomic<int> connections_{0};
    mutable std::mutex lock_;
    std::vector<Asked> asked_;
    std::list<std::thread> talks_; ///< the acceptor's
    std::thread acceptor_;
};

} // namespace kube::testing
