// connection.hpp -- a kept connection, and one answer that is being read from it.
#pragma once
#include "channel.hpp"
#include "kube/client.hpp"
#include "tls.hpp"

#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>

namespace kube {

struct Client::Connection {
    explicit Connection(std::shared_ptr<TlsContext> context)
        : tls(std::move(context)), channel(new Channel(tls->context)), wire(channel) {}
    std::shared_ptr<TlsContext> tls;
    Channel *channel; ///< owned by wire
    Wire wire;
    std::unique_ptr<Poco::Net::HTTPSClientSession> session;
    uint64_t idle_since = 0;
    bool reused = false;
};

/// A body that stays at its end: Poco's chunked stream waits for another answer when it is read beyond the last chunk.
class Body final : public std::streambuf {
public:
    void read_from(std::streambuf *from) { from_ = from; }

protected:
    int_type underflow() override;

private:
    std::streambuf *from_ = nullptr;
    char buffer_[8192];
};

class Exchange {
public:
    Exchange(Client &client, std::unique_ptr<Client::Connection> connection)
        : client_(client), connection_(std::move(connection)) {}
    int status() const { return response.getStatus(); }
    uint32_t retry_after_ms() const;
    std::streambuf &body() { return body_; }
    void use(const Effort &effort) { connection_->channel->use(effort); }
    /// The whole body; longer than `limit` is UNAVAILABLE (BrokenAnswer).
    rig::Result<std::string> text(size_t limit);
    /// The body was read to its end: the connection may serve again.
    void finish();

    Poco::Net::HTTPResponse response;

private:
    friend class Client;
    Body body_;
    Client &client_;
    std::unique_ptr<Client::Connection> connection_;
};

/// The system's resolver. Throws Poco's exceptions.
std::vector<std::string> resolve(const std::string &host);

/// What an exception that came through Poco means for the caller. Call it in a catch block.
rig::Error explain(const Access &);

} // namespace kube
