#include "channel.hpp"

#include <Poco/Net/NetException.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace kube {
namespace {
constexpr long slice_us = 100'000;
using Poco::Net::Socket;
} // namespace

void Channel::go_on() {
    if (const rig::Status go = effort_.check(); !go.ok()) {
        stopped_ = go.error();
        throw Stopped(go.error());
    }
}

void Channel::wait(int want) {
    for (;;) {
        go_on();
        const int mode =
            want == Poco::Net::SecureStreamSocket::ERR_SSL_WANT_WRITE ? Socket::SELECT_WRITE : Socket::SELECT_READ;
        if (poll(Poco::Timespan(0, slice_us), mode)) return;
    }
}

void Channel::open(const Poco::Net::SocketAddress &address, const std::string &name) {
    setPeerHostName(name);
    connectNB(address);
    wait(Poco::Net::SecureStreamSocket::ERR_SSL_WANT_WRITE);
    if (const int failed = socketError(); failed != 0) error(failed, address.toString());
    setNoDelay(true);
    // A peer that vanished without a word is noticed within half a minute.
    setKeepAlive(true);
    setOption(IPPROTO_TCP, TCP_KEEPIDLE, 10);
    setOption(IPPROTO_TCP, TCP_KEEPINTVL, 5);
    setOption(IPPROTO_TCP, TCP_KEEPCNT, 3);
    for (int rc = completeHandshake(); rc != 1; rc = completeHandshake()) wait(rc);
    verifyPeerCertificate(name);
}

int Channel::receiveBytes(void *buffer, int length, int flags) {
    for (;;) {
        go_on();
        const int got = SecureStreamSocketImpl::receiveBytes(buffer, length, flags);
        if (got >= 0) return got;
        wait(got);
    }
}

int Channel::sendBytes(const void *buffer, int length, int flags) {
    for (;;) {
        const int sent = SecureStreamSocketImpl::sendBytes(buffer, length, flags);
        if (sent >= 0) return sent;
        wait(sent);
    }
}

bool Channel::stale() {
    try {
        return poll(Poco::Timespan(0, 0), Socket::SELECT_READ | Socket::SELECT_ERROR);
    } catch (const std::exception &) { return true; }
}

} // namespace kube
