#include "connection.hpp"

#include <Poco/Net/DNS.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SSLException.h>
#include <Poco/NumberParser.h>
#include <rigger/sdk/try.hpp>

#include <new>

namespace kube {
namespace {
constexpr size_t most_idle = 8;
constexpr uint64_t longest_idle_ns = 30 * second_ns;

} // namespace

/// All of a name's: "localhost" may be ::1 and 127.0.0.1, of which the API server has one.
std::vector<std::string> resolve(const std::string &host) {
    std::vector<std::string> out;
    const Poco::Net::HostEntry entry = Poco::Net::DNS::hostByName(host);
    for (const Poco::Net::IPAddress &address : entry.addresses()) out.push_back(address.toString());
    return out;
}

rig::Error explain(const Access &access) {
    const std::string at = access.server();
    try {
        throw;
    } catch (const Stopped &e) { return e.error(); } catch (const Poco::Net::SSLException &e) {
        const std::string problem = certificate_problem();
        if (!problem.empty() || dynamic_cast<const Poco::Net::CertificateValidationException *>(&e))
            return {RIG_E_UNAVAILABLE, "CertificateRefused",
                    "the certificate of " + at +
                        " is not accepted: " + (problem.empty() ? "it is not for this name" : problem) +
                        "; check certificate-authority and server in the kubeconfig",
                    5000};
        return {RIG_E_UNAVAILABLE, "ConnectionBroken", "TLS with " + at + " failed: " + e.displayText(), 1000};
    } catch (const Poco::Net::NoMessageException &) {
        return {RIG_E_UNAVAILABLE, "ConnectionBroken", at + " closed the connection without an answer", 1000};
    } catch (const Poco::Net::ConnectionResetException &) {
        return {RIG_E_UNAVAILABLE, "ConnectionBroken", at + " broke the connection off", 1000};
    } catch (const Poco::Net::HostNotFoundException &) {
        return {RIG_E_UNAVAILABLE, "Unreachable",
                "the name " + access.host + " of the API server is not known; check DNS and the kubeconfig", 5000};
    } catch (const Poco::Net::NetException &e) {
        return {RIG_E_UNAVAILABLE, "Unreachable", "cannot reach the API server at " + at + ": " + e.displayText(),
                1000};
    } catch (const Poco::Exception &e) {
        return {RIG_E_UNAVAILABLE, "ConnectionBroken", "the connection to " + at + " broke: " + e.displayText(), 1000};
    } catch (const std::bad_alloc &) {
        return {RIG_E_EXHAUSTED, "OutOfMemory", "allocation failed", 1000};
    } catch (const std::exception &e) { return {RIG_E_INTERNAL, "UncaughtException", e.what(), 0}; }
}

Body::int_type Body::underflow() {
    if (!from_ || from_->sgetc() == traits_type::eof()) {
        from_ = nullptr;
        return traits_type::eof();
    }
    // What is there already, so that an event is not held back until a buffer is full.
    const std::streamsize ready =
        std::min<std::streamsize>(std::max<std::streamsize>(from_->in_avail(), 1), sizeof buffer_);
    const std::streamsize got = from_->sgetn(buffer_, ready);
    setg(buffer_, buffer_, buffer_ + got);
    return traits_type::to_int_type(buffer_[0]);
}

uint32_t Exchange::retry_after_ms() const {
    unsigned seconds = 0;
    if (!response.has("Retry-After") || !Poco::NumberParser::tryParseUnsigned(response.get("Retry-After"), seconds))
        return 0;
    return std::min(seconds, 3600U) * 1000;
}

rig::Result<std::string> Exchange::text(size_t limit) {
    std::string out;
    char buffer[8192];
    for (std::streamsize got = body().sgetn(buffer, sizeof buffer); got > 0;
         got = body().sgetn(buffer, sizeof buffer)) {
        if (out.size() + static_cast<size_t>(got) > limit)
            return rig::Error{RIG_E_UNAVAILABLE, "BrokenAnswer",
                              "the API server's answer has more than " + std::to_string(limit) + " bytes", 0};
        out.append(buffer, static_cast<size_t>(got));
    }
    finish();
    return out;
}

void Exchange::finish() {
    char rest[64];
    if (!connection_ || body().sgetn(rest, sizeof rest) > 0 || !response.getKeepAlive()) return;
    client_.give_back(std::move(connection_));
}

std::unique_ptr<Client::Connection> Client::idle(const Identity &identity) {
    const std::lock_guard held(lock_);
    const uint64_t now = clock_.mono_ns();
    while (!idle_.empty()) {
        std::unique_ptr<Connection> c = std::move(idle_.back());
        idle_.pop_back();
        if (c->tls != identity.tls || now - c->idle_since > longest_idle_ns || c->channel->stale()) continue;
        c->reused = true;
        return c;
    }
    return nullptr;
}

void Client::give_back(std::unique_ptr<Connection> connection) {
    connection->idle_since = clock_.mono_ns();
    const std::lock_guard held(lock_);
    if (idle_.size() < most_idle) idle_.push_back(std::move(connection));
}

rig::Result<std::vector<std::string>> Client::addresses(const Effort &effort, const Effort &patience) {
    if (Poco::Net::IPAddress literal; Poco::Net::IPAddress::tryParse(access_.host, literal))
        return std::vector<std::string>{access_.host};
    auto found = lookup_.addresses(patience);
    if (!found.ok() && found.error().reason == "Timeout" && effort.check().ok())
        return rig::Error{RIG_E_UNAVAILABLE, "Unreachable",
                          "the name " + access_.host + " of the API server was not resolved within " +
                              std::to_string(settings_.connect_ns / second_ns) +
                              " s; check this machine's name servers",
                          1000};
    return found;
}

rig::Result<std::unique_ptr<Client::Connection>> Client::connect(const Effort &effort, const Identity &identity) {
    const std::string name = access_.tls_server_name.empty() ? access_.host : access_.tls_server_name;
    const Effort patience = effort.within(settings_.connect_ns);
    rig::Error last{RIG_E_UNAVAILABLE, "Unreachable", "the name " + access_.host + " of the API server has no address",
                    5000};
    forget_certificate_problem();
    try {
        RIG_ASSIGN_OR_RETURN(const std::vector<std::string> candidates, addresses(effort, patience));
        for (const std::string &address : candidates) {
            auto connection = std::make_unique<Connection>(identity.tls);
            try {
                connection->channel->use(patience);
                // Made before the connection: Poco's session sets its port, which it refuses to do later.
                connection->session = std::make_unique<Poco::Net::HTTPSClientSession>(connection->wire);
                connection->session->setKeepAlive(true);
                connection->channel->open(Poco::Net::SocketAddress(Poco::Net::IPAddress(address), access_.port), name);
                return connection;
            } catch (const std::exception &) { last = explain(access_); }
            if (!patience.check().ok() || last.reason != "Unreachable") break;
        }
    } catch (const std::exception &) { last = explain(access_); }
    if (last.reason == "Timeout" && effort.check().ok())
        last = {RIG_E_UNAVAILABLE, "Unreachable",
                "cannot reach the API server at " + access_.server() + ": no answer within " +
                    std::to_string(settings_.connect_ns / second_ns) + " s",
                1000};
    return last;
}

rig::Result<std::unique_ptr<Exchange>> Client::exchange(const Effort &effort, const Request &request,
                                                        const Identity &identity) {
    for (;;) {
        std::unique_ptr<Connection> connection = idle(identity);
        if (!connection) { RIG_ASSIGN_OR_RETURN(connection, connect(effort, identity)); }
        const bool reused = connection->reused;
        Connection &c = *connection;
        c.channel->use(effort);
        auto answer = std::make_unique<Exchange>(*this, std::move(connection));
        try {
            Poco::Net::HTTPRequest head(request.method, access_.base_path + request.path,
                                        Poco::Net::HTTPMessage::HTTP_1_1);
            head.setHost(access_.host, access_.port);
            head.set("Accept", "application/json");
            head.set("User-Agent", "rigger");
            if (!identity.token.empty()) head.set("Authorization", "Bearer " + identity.token);
            if (!request.content_type.empty()) head.setContentType(request.content_type);
            if (request.method != "GET") head.setContentLength(static_cast<std::streamsize>(request.body.size()));
            head.setKeepAlive(true);
            c.session->sendRequest(head)
                .write(request.body.data(), static_cast<std::streamsize>(request.body.size()))
                .flush();
            answer->body_.read_from(c.session->receiveResponse(answer->response).rdbuf());
            return answer;
        } catch (const std::exception &) {
            const rig::Error e = c.channel->stopped() ? *c.channel->stopped() : explain(access_);
            // The API server may close a kept connection at any time. What can be repeated is; a creation may have
            // happened.
            if (reused && request.method != "POST" && e.code == RIG_E_UNAVAILABLE && e.reason != "Timeout") continue;
            return e;
        }
    }
}

} // namespace kube
