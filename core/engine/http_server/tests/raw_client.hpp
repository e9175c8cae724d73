// A client that sends exactly the bytes it is told, so that a test can be as rude as it likes.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace rigger::http_server {

struct Answer {
    int status = 0; ///< 0: the connection ended without an answer
    std::string head, body;
    bool has(std::string_view text) const { return head.find(text) != std::string::npos; }
};

class RawClient {
public:
    explicit RawClient(const std::string &unix_path) : fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
        struct ::sockaddr_un address {};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, unix_path.data(), unix_path.size());
        connected_ = ::connect(fd_, reinterpret_cast<sockaddr *>(&address), sizeof address) == 0;
    }
    explicit RawClient(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        struct ::sockaddr_in address {};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ = ::connect(fd_, reinterpret_cast<sockaddr *>(&address), sizeof address) == 0;
    }
    RawClient(const RawClient &) = delete;
    RawClient &operator=(const RawClient &) = delete;
    ~RawClient() { close(); }

    bool connected() const { return connected_; }
    void close() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }
    void end() { ::shutdown(fd_, SHUT_WR); } ///< of what is sent
    /// False: the server has stopped listening to us.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<size_t>(sent));
        }
        return true;
    }
    /// Until `mark` has come, the connection ended, or 2 min passed; returns everything up to and with the mark.
    std::string read_until(std::string_view mark) {
        while (true) {
            if (const size_t at = buffer_.find(mark); at != std::string::npos) {
                std::string out = buffer_.substr(0, at + mark.size());
                buffer_.erase(0, at + mark.size());
                return out;
            }
            if (!fill()) return std::exchange(buffer_, {});
        }
    }
    std::string read_bytes(size_t count) {
        while (buffer_.size() < count && fill()) {}
        std::string out = buffer_.substr(0, count);
        buffer_.erase(0, out.size());
        return out;
    }
    std::string read_rest() {
        while (fill()) {}
        return std::exchange(buffer_, {});
    }
    Answer read_answer(bool with_body = true) {
        Answer answer;
        answer.head = read_until("\r\n\r\n");
        if (answer.head.size() < 12) return answer;
        answer.status = std::atoi(answer.head.c_str() + 9);
        const char *const length = ::strcasestr(answer.head.c_str(), "\r\ncontent-length:");
        if (length && with_body) answer.body = read_bytes(static_cast<size_t>(std::atoll(length + 17)));
        return answer;
    }
    Answer ask(std::string_view bytes) {
        send(bytes);
        return read_answer(bytes.substr(0, 5) != "HEAD ");
    }

private:
    bool fill() {
        struct ::pollfd one {
            fd_, POLLIN, 0
        };
        if (::poll(&one, 1, 120'000) <= 0) return false;
        char piece[65536];
        const ssize_t got = ::recv(fd_, piece, sizeof piece, 0);
        if (got <= 0) return false;
        buffer_.append(piece, static_cast<size_t>(got));
        return true;
    }
    int fd_;
    bool connected_ = false;
    std::string buffer_;
};

/// "GET /x HTTP/1.1" with Host and whatever else; a body gets its Content-Length and JSON type.
inline std::string request(std::string_view method, std::string_view target, std::string_view headers = "",
                           std::string_view body = "") {
    std::string out =
        std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: rigger\r\n" + std::string(headers);
    if (!body.empty())
        out += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
    return out + "\r\n" + std::string(body);
}

} // namespace rigger::http_server
