// tls.hpp -- a TLS client context that always verifies.
#pragma once
#include "kube/credentials.hpp"

#include <Poco/Net/Context.h>

namespace kube {

struct TlsContext {
    Poco::Net::Context::Ptr context;
    std::optional<Validity> own; ///< of the client certificate; nullopt: there is none
};

/// PEM texts; an empty ca: the system's certificates; empty certificate and key: none. Errors: INVALID
/// (BadCredentials).
rig::Result<std::shared_ptr<TlsContext>> make_tls(const std::string &ca, const std::string &certificate,
                                                  const std::string &key);
/// Why this thread's last handshake refused the peer's certificate; "" when it did not.
std::string certificate_problem();
void forget_certificate_problem();

} // namespace kube
