// channel.hpp -- one TLS connection whose waits can be cut short. Non-blocking underneath; every wait is a slice of 100
// ms with a look at the Effort.
#pragma once
#include "kube/effort.hpp"

#include <Poco/Net/Context.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/SecureStreamSocketImpl.h>

#include <exception>
#include <optional>
#include <string>

namespace kube {

/// Thrown through Poco's streams when a wait was cut short; caught in transport.cpp and client.cpp.
class Stopped final : public std::exception {
public:
    explicit Stopped(rig::Error why) : why_(std::move(why)) {}
    const char *what() const noexcept override { return why_.message.c_str(); }
    const rig::Error &error() const noexcept { return why_; }

private:
    rig::Error why_;
};

class Channel final : public Poco::Net::SecureStreamSocketImpl {
public:
    explicit Channel(Poco::Net::Context::Ptr context) : SecureStreamSocketImpl(std::move(context)) {}
    /// Whose patience the following reads and writes are measured by.
    void use(const Effort &effort) {
        effort_ = effort;
        stopped_.reset();
    }
    /// Why a wait was cut short. Poco's streams may swallow the exception that says so.
    const std::optional<rig::Error> &stopped() const noexcept { return stopped_; }
    /// Connects, shakes hands, verifies the peer against `name`. Throws Stopped or Poco exceptions.
    void open(const Poco::Net::SocketAddress &address, const std::string &name);
    int receiveBytes(void *buffer, int length, int flags) override;
    int sendBytes(const void *buffer, int length, int flags) override;
    /// True when an idle connection has something to read: it was closed, or is out of step.
    bool stale();

private:
    /// Throws Stopped when the patience is over.
    void go_on();
    void wait(int want);
    Effort effort_;
    std::optional<rig::Error> stopped_;
};

/// The socket over it, as Poco's HTTP session wants it.
class Wire final : public Poco::Net::SecureStreamSocket {
public:
    explicit Wire(Channel *channel) : SecureStreamSocket(static_cast<Poco::Net::SocketImpl *>(channel)) {}
};

} // namespace kube
